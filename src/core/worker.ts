import { afterLeader } from './ending.ts';
import type { Input } from './input.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { closePass } from './restart.ts';
import { liveProcess, withSlot } from './state.ts';
import type { Exit, ExitReason, Seconds, Slot, State } from './state.ts';
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

  const vacant = vacated(state, slot, now);
  if (state.phase.name === 'stopping') return failed(vacant, null);
  const waiting = closePass(vacant, now);
  const { message, exitStatus } = failure;
  const mayHelp = exitStatus === null || state.slots.some((other) => other.starts > 0);
  if (mayHelp) return failed(waiting, delayUntilPass(waiting, now, policy));
  return then(failed(waiting, null), (given) =>
    beginStop(given, { type: 'failure', message, exitStatus }, now, policy),
  );
}

/**
 * A process ended. Every exit is told exactly once, those during a stop included. Where somebody of its
 * group is left, what `killMode` says of them comes before the slot is used again.
 */
export function workerExited(
  state: State,
  input: Input & { type: 'exited' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = slotOf(state, input.worker);
  const leader = slot === undefined ? null : liveProcess(slot);
  if (slot?.starts !== input.start || leader === null) {
    return ignored(state, input.type, input.worker);
  }
  const exit: Exit = {
    code: containerExitCode(input.exitCode),
    signal: input.signal,
    reason: exitReason(slot, input),
    at: now,
  };
  const ending = input.groupAlive ? afterLeader(slot, killModeOf(policy), now) : null;
  const dead = { ...slot, lastExit: exit };
  const next =
    ending === null
      ? vacated(state, dead, now)
      : withSlot(state, { ...dead, state: { name: 'stopping', ...leader, ending } });
  return only(next, [
    {
      type: 'worker-exited',
      worker: slot.index,
      pid: leader.pid,
      start: slot.starts,
      exitCode: input.exitCode,
      exit,
      oomKilled: input.oomKilled,
      lifetime: Math.max(0, now - leader.since),
      failure: isFailure(exit),
      delay: state.phase.name === 'stopping' ? null : delayUntilPass(next, now, policy),
    },
  ]);
}

/** Whether anybody of a dead worker's group is left: if not, its slot is free. */
export function groupChecked(
  state: State,
  input: Input & { type: 'group-checked' },
  now: Seconds,
): Outcome {
  const slot = slotOf(state, input.worker);
  const isEnding = slot?.state.name === 'stopping' && liveProcess(slot) === null;
  if (slot?.starts !== input.start || !isEnding) {
    return ignored(state, input.type, input.worker);
  }
  return only(input.alive ? state : vacated(state, slot, now));
}

/**
 * The status that a container runtime reports: 128 + N after signal N.
 *
 * @param exitCode - 0 to 255, or −N after signal N
 */
export function containerExitCode(exitCode: number): number {
  return exitCode < 0 ? 128 - exitCode : exitCode;
}

function exitReason(slot: Slot, { signal, oomKilled }: Input & { type: 'exited' }): ExitReason {
  if (slot.state.name === 'stopping') {
    return slot.state.ending.phase === 'killed' ? 'killed' : 'stopped';
  }
  if (oomKilled === true) return 'oom';
  return signal === null ? 'exit' : 'signal';
}

function isFailure(exit: Exit): boolean {
  const asked = exit.reason === 'stopped' || exit.reason === 'killed';
  return !asked && !SUCCESS_EXIT_CODES.has(exit.code);
}

/** The slot has nobody any more: during a stop for good, else until the pass that replaces its worker. */
function vacated(state: State, slot: Slot, now: Seconds): State {
  const next =
    state.phase.name === 'stopping'
      ? ({ name: 'stopped' } as const)
      : ({ name: 'backoff', since: now } as const);
  return withSlot(state, { ...slot, state: next });
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
