import { abortOperations } from './answers.ts';
import type { Restart } from './event.ts';
import type { Input } from './input.ts';
import { initialHealth } from './health.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { announceStarted, asReady, isReadyAtOnce } from './ready.ts';
import { failed, fallenBack, isUnproven } from './replacement.ts';
import { closePass } from './pass.ts';
import { judge } from './restart-policy.ts';
import type { Verdict } from './restart-policy.ts';
import { isWanted, withEnded, withSlot } from './slots.ts';
import type { RestartCounts, RestartReason, Seconds, Slot, State } from './state.ts';
import { concluded, limitUsed, plannedRestart, remembered, vacant } from './vacancy.ts';

/** A spawn succeeded: the slot has a process. */
export function workerSpawned(
  state: State,
  input: Input & { type: 'spawned' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = spawningSlot(state, input);
  if (slot === null) return ignored(state, input.type, input.worker);
  const { start, pid, random } = input;
  const health = initialHealth(random, now, policy);
  const { restartReason } = slot;
  const started: Slot = {
    ...slot,
    starts: start,
    restarts: counted(slot.restarts, restartReason),
    state: { name: 'running', pid, since: now, start, ready: false, health },
  };
  const running = withSlot(state, isReadyAtOnce(policy) ? asReady(started) : started);
  return only(closePass(announceStarted(running), now), [
    {
      type: 'worker-started',
      worker: slot.index,
      pid,
      start,
      restartReason,
      restart: restartOf(state, slot, now, policy),
    },
  ]);
}

/**
 * A spawn failed: a failed attempt, under the same policy, pace and limit as an exit. Where the supervisor
 * has never started anything and another attempt cannot help, it gives up with a shell's exit status.
 */
export function workerNotSpawned(
  state: State,
  input: Input & { type: 'spawn-failed' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = spawningSlot(state, input);
  if (slot === null) return ignored(state, input.type, input.worker);
  const { failure, random } = input;
  const { message, exitStatus } = failure;
  if (isUnproven(state, slot)) return replacementNotStarted(state, slot, input, now);
  const isHopeless =
    exitStatus !== null &&
    state.phase.name === 'starting' &&
    state.slots.every((other) => other.starts === 0);
  const ended = { exit: null, lifetime: 0, attempt: slot.attempt, random };
  const verdict: Verdict | null = isHopeless
    ? { type: 'give up', message, exitStatus }
    : isStartable(state, slot)
      ? judge({ ...ended, exitStatus: exitStatus ?? 1 }, state.restarts, now, policy)
      : null;
  const told = slot.wasReady ? state : abortOperations(state, 'scale', notStarted(slot, message));
  const free = withSlot(remembered(told, verdict, exitStatus ?? 1), vacant(slot, verdict, now));
  const next = closePass(announceStarted(free), now);
  const restart = plannedRestart(next, verdict, now, policy);
  return concluded(
    only(next, [{ type: 'spawn-failed', worker: slot.index, failure, restart }]),
    verdict,
    now,
    policy,
  );
}

/** Whether it may be tried again: not during a stop, nor where it is not wanted any more. */
function isStartable(state: State, slot: Slot): boolean {
  return state.phase.name !== 'stopping' && isWanted(state, slot);
}

function notStarted({ index }: Slot, message: string): string {
  return `worker ${index} could not be started: ${message}`;
}

/** A replacement that could not be started. */
function replacementNotStarted(
  state: State,
  slot: Slot,
  { failure }: Input & { type: 'spawn-failed' },
  now: Seconds,
): Outcome {
  const free = closePass(withEnded(state, fallenBack(slot)), now);
  const message = notStarted(slot, failure.message);
  return then(
    only(free, [{ type: 'spawn-failed', worker: slot.index, failure, restart: null }]),
    (next) => failed(next, slot.index, message),
  );
}

function counted(restarts: RestartCounts, reason: RestartReason | null): RestartCounts {
  return reason === null ? restarts : { ...restarts, [reason]: (restarts[reason] ?? 0) + 1 };
}

/** The numbers of a restart that has just been made; null for a slot's first attempt. */
function restartOf(state: State, slot: Slot, now: Seconds, policy: Policy): Restart | null {
  const { attempt, lastExit } = slot;
  if (attempt === 0) return null;
  const delay = lastExit === null ? 0 : Math.max(0, now - lastExit.at);
  return { delay, attempt, limit: limitUsed(state, policy) };
}

/** The slot whose spawn this is the outcome of; null if it is not waiting for that one. */
function spawningSlot(
  state: State,
  { worker, start }: Input & { type: 'spawned' | 'spawn-failed' },
): Slot | null {
  const slot = state.slots[worker];
  return slot?.state.name === 'starting' && slot.starts + 1 === start ? slot : null;
}
