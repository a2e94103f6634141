import type { Input } from './input.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { closePass } from './restart.ts';
import { withSlot } from './state.ts';
import type { Exit, Seconds, Slot, State } from './state.ts';
import { beginStop } from './stop.ts';

/** Exit codes that are no failure. */
const SUCCESS_EXIT_CODES: ReadonlySet<number> = new Set([0]);

/** A spawn succeeded: the slot has a process. */
export function workerSpawned(
  state: State,
  input: Input & { type: 'spawned' },
  now: Seconds,
): Outcome {
  const slot = slotOf(state, input.worker);
  if (slot?.state.name !== 'starting' || slot.starts + 1 !== input.start) {
    return ignored(state, input.type, input.worker);
  }
  const running = withSlot(state, {
    ...slot,
    starts: input.start,
    state: { name: 'running', pid: input.pid, since: now },
  });
  return only(closePass(announceStarted(running), now), [
    {
      type: 'worker-started',
      worker: slot.index,
      pid: input.pid,
      start: input.start,
      restartReason: slot.lastExit?.reason ?? null,
    },
  ]);
}

/**
 * A spawn failed: a failed attempt, made again at the pace of the loop. Where the supervisor has
 * never started anything and another attempt cannot help, it gives up with a shell's exit status.
 */
export function workerNotSpawned(
  state: State,
  input: Input & { type: 'spawn-failed' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = slotOf(state, input.worker);
  if (slot?.state.name !== 'starting' || slot.starts + 1 !== input.start) {
    return ignored(state, input.type, input.worker);
  }
  const { failure } = input;
  const failed = (next: State, delay: Seconds | null): Outcome =>
    only(next, [{ type: 'spawn-failed', worker: slot.index, failure, delay }]);

  if (state.phase.name === 'stopping') return failed(ended(state, slot), null);
  const waiting = closePass(
    withSlot(state, { ...slot, state: { name: 'backoff', since: now } }),
    now,
  );
  const { message, exitStatus } = failure;
  const mayHelp = exitStatus === null || state.slots.some((other) => other.starts > 0);
  if (mayHelp) return failed(waiting, delayUntilPass(waiting, now, policy));
  return then(failed(waiting, null), (given) =>
    beginStop(given, { type: 'failure', message, exitStatus }, now, policy),
  );
}

/** A process ended. Every exit is told exactly once, those during a stop included. */
export function workerExited(
  state: State,
  input: Input & { type: 'exited' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = slotOf(state, input.worker);
  if (
    slot?.starts !== input.start ||
    (slot.state.name !== 'running' && slot.state.name !== 'stopping')
  ) {
    return ignored(state, input.type, input.worker);
  }
  const exit: Exit = {
    code: containerExitCode(input.exitCode),
    signal: input.signal,
    reason: exitReason(slot, input.signal),
    at: now,
  };
  const dead = { ...slot, lastExit: exit };
  const next =
    state.phase.name === 'stopping'
      ? ended(state, dead)
      : withSlot(state, { ...dead, state: { name: 'backoff', since: now } });
  return only(next, [
    {
      type: 'worker-exited',
      worker: slot.index,
      pid: slot.state.pid,
      start: slot.starts,
      exitCode: input.exitCode,
      exit,
      lifetime: Math.max(0, now - slot.state.since),
      failure: isFailure(exit),
      delay: state.phase.name === 'stopping' ? null : delayUntilPass(next, now, policy),
    },
  ]);
}

/**
 * The status that a container runtime reports: 128 + N after signal N.
 *
 * @param exitCode - 0 to 255, or −N after signal N
 */
export function containerExitCode(exitCode: number): number {
  return exitCode < 0 ? 128 - exitCode : exitCode;
}

function exitReason(slot: Slot, signal: string | null): Exit['reason'] {
  if (slot.state.name === 'stopping') {
    return slot.state.ending.phase === 'killed' ? 'killed' : 'stopped';
  }
  return signal === null ? 'exit' : 'signal';
}

function isFailure(exit: Exit): boolean {
  const byItself = exit.reason === 'exit' || exit.reason === 'signal';
  return byItself && !SUCCESS_EXIT_CODES.has(exit.code);
}

function ended(state: State, slot: Slot): State {
  return withSlot(state, { ...slot, state: { name: 'stopped' } });
}

/** The supervisor is `running` from the instant at which every wanted worker has been started. */
function announceStarted(state: State): State {
  const started = state.slots.every((slot) => slot.starts > 0);
  return state.phase.name === 'starting' && started
    ? { ...state, phase: { name: 'running' } }
    : state;
}

/** Seconds until the pass that will replace a worker that is dead now. */
function delayUntilPass(state: State, now: Seconds, policy: Policy): Seconds {
  if (state.pass.name === 'open') return policy.reloadDelay;
  return Math.max(0, state.pass.endedAt + policy.reloadDelay - now);
}

function slotOf(state: State, worker: number): Slot | undefined {
  return state.slots[worker];
}
