import { abortOperations } from './answers.ts';
import { afterLeader } from './ending.ts';
import { exitOf } from './exit.ts';
import type { Input } from './input.ts';
import { oomVerdict } from './oom.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { failed, fallenBack, isUnproven, restartReasonOf } from './replacement.ts';
import { isFailure, judge } from './restart-policy.ts';
import type { Verdict } from './restart-policy.ts';
import { retargeted } from './rollout.ts';
import {
  isPredecessor,
  isWanted,
  liveProcess,
  NEW,
  ownerOf,
  SCALED,
  STOPPED,
  withEnded,
  withOwner,
  withPredecessor,
  withSlot,
} from './slots.ts';
import type { Ending, Exit, Process, Purpose, Seconds, Slot, State } from './state.ts';
import { concluded, plannedRestart, remembered, vacant } from './vacancy.ts';
import type { VacantSlot } from './vacancy.ts';

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
  const slot = ownerOf(state, input.worker, input.start);
  const leader = slot === undefined ? null : liveProcess(slot);
  if (slot === undefined || leader === null) return ignored(state, input.type, input.worker);
  const { oomKilled, accounted } = oomVerdict(
    input.exitCode,
    input.oomKills,
    state.oomKillsAccounted,
  );
  const exit = exitOf(slot, input, oomKilled, now);
  const failure = isFailure(exit, policy);
  const lifetime = Math.max(0, now - leader.since);
  const explained = { ...state, oomKillsAccounted: accounted };
  const end = endOf(
    explained,
    slot,
    { exit, failure, lifetime, random: input.random },
    now,
    policy,
  );
  const ending = input.groupAlive ? afterLeader(slot, killModeOf(policy, slot), now) : null;
  const after = ending === null ? end.slot : stoppingGroup(end.slot, slot, leader, ending);
  const next = isPredecessor(state, slot)
    ? withLastExit(withPredecessor(end.state, after), exit, slot.index)
    : withEnded(end.state, after);
  const { pid, start } = leader;
  const how = { start, exitCode: input.exitCode, exit, oomKilled, lifetime, failure };
  const restart = plannedRestart(next, end.verdict, now, policy);
  const told = only(next, [{ type: 'worker-exited', worker: slot.index, pid, ...how, restart }]);
  return concluded(then(told, end.consequence), end.verdict, now, policy);
}

/** Whether a worker that was asked to stop is not waited for any longer, though it has not ended. */
export function isLeftBehind({ state }: Slot, after: Slot): boolean {
  return state.name === 'stopping' && state.next === null && after.state.name === 'stopped';
}

/** Its slot goes on as if it had ended. */
export function leftBehind(state: State, slot: Slot): Slot {
  if (isPredecessor(state, slot) || slot.state.name !== 'stopping') {
    return { ...slot, state: STOPPED };
  }
  return isWanted(state, slot)
    ? madeRoom(slot, slot.state.purpose, state)
    : { ...slot, fallback: null, state: SCALED };
}

/** How a process has ended. */
interface EndOfProcess {
  readonly exit: Exit;
  readonly failure: boolean;
  readonly lifetime: Seconds;
  readonly random: number;
}

/** What comes of it. */
interface End {
  readonly state: State;
  readonly slot: VacantSlot;
  /** Null where no policy is asked. */
  readonly verdict: Verdict | null;
  /** For the whole. */
  readonly consequence: (state: State) => Outcome;
}

function endOf(state: State, slot: Slot, end: EndOfProcess, now: Seconds, policy: Policy): End {
  const ended = { ...slot, lastExit: end.exit };
  const as = (after: VacantSlot): End => {
    return { state, slot: after, verdict: null, consequence: only };
  };
  if (state.phase.name === 'stopping') return as({ ...ended, state: STOPPED });
  if (isPredecessor(state, slot)) return as({ ...ended, state: STOPPED });
  if (!isWanted(state, slot)) return as({ ...ended, fallback: null, state: SCALED });
  if (slot.state.name === 'stopping' && slot.state.purpose !== 'unhealthy') {
    return as(madeRoom(ended, slot.state.purpose, state));
  }
  if (isUnproven(state, slot)) {
    const message = endedTooEarly(slot, end.exit);
    return { ...as(fallenBack(ended)), consequence: (next) => failed(next, slot.index, message) };
  }
  return judged(state, ended, end, now, policy);
}

/** Of a worker that ended by itself: what its restart policy makes of it. */
function judged(
  state: State,
  slot: Slot,
  { exit, failure, lifetime, random }: EndOfProcess,
  now: Seconds,
  policy: Policy,
): End {
  // an exit of 0 that led to giving up is still no success of the supervisor's
  const exitStatus = failure && exit.code !== 0 ? exit.code : 1;
  const ended = { exit, lifetime, attempt: slot.attempt, exitStatus, random };
  const verdict = judge(ended, state.restarts, now, policy);
  const after = vacant({ ...slot, restartReason: restartReasonOf(exit) }, verdict, now);
  const message = endedTooEarly(slot, exit);
  return {
    state: remembered(state, verdict, failure ? exitStatus : null),
    slot: after,
    verdict,
    consequence: (next) => only(slot.wasReady ? next : abortOperations(next, 'scale', message)),
  };
}

function endedTooEarly({ index }: Slot, { code }: Exit): string {
  return `worker ${index} ended with code ${code} before it was ready`;
}

const REPLACED = { rollout: 'rollout', recycle: 'recycled' } as const;

/** A worker that was asked to, for a replacement or because it was not wanted for a while. */
function madeRoom(slot: Slot, purpose: Purpose, state: State): VacantSlot {
  const room = { ...slot, attempt: 0, state: NEW };
  if (purpose === 'rollout' || purpose === 'recycle') {
    return { ...retargeted(room, state), restartReason: REPLACED[purpose], state: NEW };
  }
  return purpose === 'unhealthy'
    ? { ...room, restartReason: purpose }
    : { ...room, restartReason: null, template: state.template };
}

/** Of a predecessor, its slot keeps how it has ended. */
function withLastExit(state: State, lastExit: Exit, index: number): State {
  const slot = state.slots[index];
  return slot === undefined ? state : withSlot(state, { ...slot, lastExit });
}

/** The slot while somebody of its dead worker's group is left. */
function stoppingGroup(
  free: VacantSlot,
  { state }: Slot,
  { pid, since, start }: Process,
  ending: Ending,
): Slot {
  const purpose = state.name === 'stopping' ? state.purpose : 'stop';
  const process = { pid, since, start };
  return { ...free, state: { name: 'stopping', ...process, purpose, ending, next: free.state } };
}

/**
 * Whether anybody of a dead worker's group is left: if not, its slot is free. It may have become so before: a loop that
 * is late asks a second time before the first answer has been taken.
 */
export function groupChecked(
  state: State,
  input: Input & { type: 'group-checked' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const slot = ownerOf(state, input.worker, input.start);
  if (slot?.state.name !== 'stopping' || liveProcess(slot) !== null) return only(state);
  if (input.alive) return only(state);
  const isStopping = state.phase.name === 'stopping';
  const next = isStopping ? null : slot.state.next;
  const free = { ...slot, state: next ?? STOPPED };
  return concluded(only(withOwner(state, slot, free)), null, now, policy);
}
