import { hasReached } from './health.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { everyone, isCompleted, isWanted, withOwner } from './slots.ts';
import type { Running, Seconds, Slot, State } from './state.ts';

/** Whether a worker is ready from its start on. */
export function isReadyAtOnce(policy: Policy): boolean {
  const { startupProbe, readinessProbe, notify, minReadySeconds } = policy;
  return (
    startupProbe === undefined &&
    readinessProbe === undefined &&
    notify === undefined &&
    minReadySeconds === 0
  );
}

/** When something changes of whether the worker is ready, if it lives so long; Infinity if nothing will. */
export function readinessDueAt({ state }: Slot, policy: Policy): Seconds {
  if (state.name !== 'running') return Infinity;
  return state.ready ? unreadyAt(state, policy) : readyAt(state, policy);
}

/** Once it has started and told so, by its readiness probe or, without one, by its age. */
function readyAt({ health }: Running, policy: Policy): Seconds {
  const { startedAt, notified } = health;
  if (startedAt === null || (policy.notify !== undefined && !notified.ready)) return Infinity;
  if (policy.readinessProbe === undefined) return startedAt + policy.minReadySeconds;
  return hasReached(health, 'readiness', 'successful', policy) ? -Infinity : Infinity;
}

function unreadyAt(state: Running, policy: Policy): Seconds {
  return whyUnready(state, policy) === null ? Infinity : -Infinity;
}

function whyUnready({ health }: Running, policy: Policy): string | null {
  if (policy.notify !== undefined && !health.notified.ready)
    return 'it has told that it is stopping';
  return hasReached(health, 'readiness', 'failed', policy)
    ? `its readiness probe has failed (${health.probes.readiness?.message ?? ''})`
    : null;
}

/** Why a running worker is not ready, in a few words that hold nothing of the worker's; null if it is. */
export function whyNotReady({ state }: Slot, policy: Policy): string | null {
  if (state.name !== 'running' || state.ready) return null;
  const { startedAt, notified } = state.health;
  if (startedAt === null) return 'its startup probe has not succeeded yet';
  if (policy.notify !== undefined && !notified.ready) return 'it has not told that it is ready';
  return policy.readinessProbe === undefined
    ? `it has not lived for ${policy.minReadySeconds} s yet`
    : 'its readiness probe does not succeed';
}

/** The slot of a running worker that is ready: it has no need to go back to what was before it. */
export function asReady(slot: Slot): Slot {
  if (slot.state.name !== 'running') return slot;
  return { ...slot, fallback: null, wasReady: true, state: { ...slot.state, ready: true } };
}

/** Takes those for ready that are, and those that are no more for not ready. */
export function advanceReadiness(state: State, now: Seconds, policy: Policy): Outcome {
  const changing = everyone(state).filter((slot) => readinessDueAt(slot, policy) <= now);
  if (changing.length === 0) return only(state);
  const outcome = changing.reduce(
    (before: Outcome, slot) => then(before, (next) => withReadiness(next, slot, policy)),
    only(state),
  );
  return { ...outcome, state: announceStarted(outcome.state) };
}

function withReadiness(state: State, slot: Slot, policy: Policy): Outcome {
  const { state: process, index: worker } = slot;
  if (process.name !== 'running') return only(state);
  const { pid, ready } = process;
  const after = ready ? { ...slot, state: { ...process, ready: false } } : asReady(slot);
  const event = ready
    ? ({ type: 'worker-unready', worker, pid, message: whyUnready(process, policy) ?? '' } as const)
    : ({ type: 'worker-ready', worker, pid } as const);
  return only(withOwner(state, slot, after), [event]);
}

/** The supervisor is `running` from the instant at which every wanted worker has been ready once. */
export function announceStarted(state: State): State {
  if (state.phase.name !== 'starting') return state;
  const started = state.slots.every(
    (slot) => slot.wasReady || isCompleted(slot) || !isWanted(state, slot),
  );
  return started ? { ...state, phase: { name: 'running' } } : state;
}
