import type { Restart } from './event.ts';
import { then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { nextPassAt } from './pass.ts';
import type { Verdict } from './restart-policy.ts';
import { isCompleted } from './slots.ts';
import type { Seconds, Slot, State, Vacancy } from './state.ts';
import { beginStop } from './stop.ts';

/** A slot that has no process any more. */
export type VacantSlot = Slot & { readonly state: Vacancy };

/** What the whole supervisor has to remember of it. */
export function remembered(
  state: State,
  verdict: Verdict | null,
  failedWith: number | null,
): State {
  switch (verdict?.type) {
    case 'restart':
      return { ...state, restarts: verdict.restarts };
    case 'complete':
      return { ...state, firstFailure: state.firstFailure ?? failedWith };
    case 'give up':
    case undefined:
      return state;
  }
}

/** The slot without its process. */
export function vacant(slot: Slot, verdict: Verdict | null, now: Seconds): VacantSlot {
  if (verdict?.type === 'restart') {
    const { attempt, delay } = verdict;
    return { ...slot, attempt, state: { name: 'backoff', since: now, dueAt: now + delay } };
  }
  const because = verdict?.type === 'complete' ? 'completed' : 'stop';
  return { ...slot, state: { name: 'stopped', because } };
}

/** Gives up where the verdict says so, and ends the supervisor once every worker has completed. */
export function concluded(
  outcome: Outcome,
  verdict: Verdict | null,
  now: Seconds,
  policy: Policy,
): Outcome {
  if (verdict?.type === 'give up') {
    const { message, exitStatus } = verdict;
    return then(outcome, (state) =>
      beginStop(state, { type: 'failure', message, exitStatus }, now, policy),
    );
  }
  const { slots, firstFailure, desired } = outcome.state;
  if (desired === 0 || !slots.every((slot) => isCompleted(slot) || slot.index >= desired)) {
    return outcome;
  }
  return then(outcome, (state) =>
    beginStop(state, { type: 'completed', exitStatus: firstFailure ?? 0 }, now, policy),
  );
}

export function plannedRestart(
  state: State,
  verdict: Verdict | null,
  now: Seconds,
  policy: Policy,
): Restart | null {
  if (verdict?.type !== 'restart') return null;
  const untilPass =
    state.pass.name === 'open' ? policy.reloadDelay : nextPassAt(state, policy) - now;
  return {
    delay: Math.max(0, verdict.delay, untilPass),
    attempt: verdict.attempt,
    limit: limitUsed(state, policy),
  };
}

export function limitUsed({ restarts }: State, { restart: { limit } }: Policy): Restart['limit'] {
  if (limit === undefined) return null;
  return {
    used: restarts.length,
    restarts: limit.restarts,
    withinSeconds: limit.withinSeconds,
  };
}
