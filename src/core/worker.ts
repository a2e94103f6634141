import { afterLeader } from './ending.ts';
import type { Restart } from './event.ts';
import { exitOf } from './exit.ts';
import type { Input } from './input.ts';
import { oomVerdict } from './oom.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { closePass, nextPassAt } from './restart.ts';
import { isFailure, judge } from './restart-policy.ts';
import type { Ended, Verdict } from './restart-policy.ts';
import { liveProcess, withSlot } from './state.ts';
import type { Ending, ExitReason, RestartCounts, Seconds, Slot, State, Vacancy } from './state.ts';
import { beginStop } from './stop.ts';

/** A spawn succeeded: the slot has a process. */
export function workerSpawned(
  state: State,
  input: Input & { type: 'spawned' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = spawningSlot(state, input);
  if (slot === null) return ignored(state, input.type, input.worker);
  const restartReason = slot.lastExit?.reason ?? null;
  const running = withSlot(state, {
    ...slot,
    starts: input.start,
    restarts: counted(slot.restarts, restartReason),
    state: { name: 'running', pid: input.pid, since: now },
  });
  return only(closePass(announceStarted(running), now), [
    {
      type: 'worker-started',
      worker: slot.index,
      pid: input.pid,
      start: input.start,
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
  const isHopeless = exitStatus !== null && state.slots.every((other) => other.starts === 0);
  const verdict: Verdict | null = isHopeless
    ? { type: 'give up', message, exitStatus }
    : verdictOn(
        state,
        { exit: null, lifetime: 0, attempt: slot.attempt, exitStatus: exitStatus ?? 1, random },
        now,
        policy,
      );
  const free = withSlot(judged(state, verdict, exitStatus ?? 1), vacant(slot, verdict, now));
  const next = closePass(announceStarted(free), now);
  const restart = plannedRestart(next, verdict, now, policy);
  return concluded(
    only(next, [{ type: 'spawn-failed', worker: slot.index, failure, restart }]),
    verdict,
    now,
    policy,
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
  const { oomKilled, accounted } = oomVerdict(
    input.exitCode,
    input.oomKills,
    state.oomKillsAccounted,
  );
  const exit = exitOf(slot, input, oomKilled, now);
  const lifetime = Math.max(0, now - leader.since);
  const failure = isFailure(exit, policy);
  // an exit of 0 that led to giving up is still no success of the supervisor's
  const exitStatus = failure && exit.code !== 0 ? exit.code : 1;
  const { attempt, index: worker, starts: start } = slot;
  const ended = { exit, lifetime, attempt, exitStatus, random: input.random };
  const verdict = verdictOn(state, ended, now, policy);
  const free = vacant({ ...slot, lastExit: exit }, verdict, now);
  const ending = input.groupAlive ? afterLeader(slot, killModeOf(policy), now) : null;
  const next = withSlot(
    { ...judged(state, verdict, failure ? exitStatus : null), oomKillsAccounted: accounted },
    ending === null ? free : stoppingGroup(free, leader, ending),
  );
  const how = { start, exitCode: input.exitCode, exit, oomKilled, lifetime, failure };
  const restart = plannedRestart(next, verdict, now, policy);
  return concluded(
    only(next, [{ type: 'worker-exited', worker, pid: leader.pid, ...how, restart }]),
    verdict,
    now,
    policy,
  );
}

function counted(restarts: RestartCounts, reason: ExitReason | null): RestartCounts {
  return reason === null ? restarts : { ...restarts, [reason]: (restarts[reason] ?? 0) + 1 };
}

/** The slot while somebody of its dead worker's group is left. */
function stoppingGroup(
  free: Slot & { readonly state: Vacancy },
  leader: NonNullable<ReturnType<typeof liveProcess>>,
  ending: Ending,
): Slot {
  return { ...free, state: { name: 'stopping', ...leader, ending, next: free.state } };
}

/** Whether anybody of a dead worker's group is left: if not, its slot is free. */
export function groupChecked(
  state: State,
  input: Input & { type: 'group-checked' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = slotOf(state, input.worker);
  if (
    slot?.starts !== input.start ||
    slot.state.name !== 'stopping' ||
    liveProcess(slot) !== null
  ) {
    return ignored(state, input.type, input.worker);
  }
  if (input.alive) return only(state);
  const isStopping = state.phase.name === 'stopping';
  const next = isStopping ? null : slot.state.next;
  const free = withSlot(state, { ...slot, state: next ?? { name: 'stopped', because: 'stop' } });
  return concluded(only(free), null, now, policy);
}

/** What the policy makes of an end; null during a stop, when nothing is restarted. */
function verdictOn(state: State, ended: Ended, now: Seconds, policy: Policy): Verdict | null {
  if (state.phase.name === 'stopping') return null;
  return judge(ended, state.restarts, now, policy);
}

/** What the whole supervisor has to remember of it. */
function judged(state: State, verdict: Verdict | null, failedWith: number | null): State {
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
function vacant(
  slot: Slot,
  verdict: Verdict | null,
  now: Seconds,
): Slot & { readonly state: Vacancy } {
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
  const { slots, firstFailure } = outcome.state;
  if (!slots.every(isCompleted)) return outcome;
  return then(outcome, (state) =>
    beginStop(state, { type: 'completed', exitStatus: firstFailure ?? 0 }, now, policy),
  );
}

function isCompleted({ state }: Slot): boolean {
  return state.name === 'stopped' && state.because === 'completed';
}

function plannedRestart(
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

/** The numbers of a restart that has just been made; null for a slot's first attempt. */
function restartOf(state: State, slot: Slot, now: Seconds, policy: Policy): Restart | null {
  const { attempt, lastExit } = slot;
  if (attempt === 0) return null;
  const delay = lastExit === null ? 0 : Math.max(0, now - lastExit.at);
  return { delay, attempt, limit: limitUsed(state, policy) };
}

function limitUsed({ restarts }: State, { restart: { limit } }: Policy): Restart['limit'] {
  return limit === undefined ? null : { ...limit, used: restarts.length };
}

/** The supervisor is `running` from the instant at which every wanted worker has been started. */
function announceStarted(state: State): State {
  const started = state.slots.every((slot) => slot.starts > 0 || isCompleted(slot));
  return state.phase.name === 'starting' && started
    ? { ...state, phase: { name: 'running' } }
    : state;
}

/** The slot whose spawn this is the outcome of; null if it is not waiting for that one. */
function spawningSlot(
  state: State,
  { worker, start }: Input & { type: 'spawned' | 'spawn-failed' },
): Slot | null {
  const slot = slotOf(state, worker);
  return slot?.state.name === 'starting' && slot.starts + 1 === start ? slot : null;
}

function slotOf(state: State, worker: number): Slot | undefined {
  return state.slots[worker];
}
