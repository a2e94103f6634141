import { abortForStop } from './answers.ts';
import type { Effect } from './effect.ts';
import { advanceEnding, ask, endingDueAt, kill, mustKillAtOnce } from './ending.ts';
import type { EndingContext, SlotOutcome } from './ending.ts';
import type { Event } from './event.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { everyone, isAlive, STOPPED } from './slots.ts';
import type { Seconds, Slot, State, StopCause, Stopping } from './state.ts';

/**
 * How many signals are sent in one step. Of many workers the rest follows in the next turn, so that whoever asks
 * meanwhile is answered.
 */
export const MOST_SIGNALS = 128;

/** Whether a stop has begun, or is over. */
export function isStopping({ phase }: State): boolean {
  return phase.name === 'stopping' || phase.name === 'stopped';
}

/** Begins the ordered stop: from here on nothing is started. A later cause changes nothing. */
export function beginStop(state: State, cause: StopCause, now: Seconds, policy: Policy): Outcome {
  if (isStopping(state)) return only(state);
  const timeout = policy.stop.timeoutSeconds;
  const phase: Stopping = {
    name: 'stopping',
    cause,
    since: now,
    deadline: now + timeout,
    interrupts: 0,
    exitStatus: 'exitStatus' in cause ? cause.exitStatus : 0,
  };
  const slots = state.slots.map((slot) => (isAlive(slot) ? slot : stopped(slot)));
  const told = abortForStop({ ...state, rollout: null });
  return only({ ...told, phase, slots, pass: { name: 'closed', endedAt: now } }, [
    { type: 'supervisor-stopping', cause, timeout },
  ]);
}

/** Counts a SIGINT during a stop. */
export function countInterrupt(state: State, signal: string): State {
  if (signal !== 'SIGINT' || state.phase.name !== 'stopping') return state;
  return { ...state, phase: { ...state.phase, interrupts: state.phase.interrupts + 1 } };
}

/** When the stop has something to do: ask a worker, kill it, abandon it, or end. */
export function stopDueAt(state: State, stopping: Stopping, policy: Policy): Seconds {
  let earliest = Infinity;
  let joined = true;
  for (const slot of everyone(state)) {
    earliest = Math.min(earliest, slotDueAt(slot, stopping, joined, policy));
    joined &&= !isAlive(slot);
  }
  return joined ? -Infinity : earliest;
}

/**
 * Does what is due of an ordered stop, in index order, and ends it once every worker is gone.
 *
 * sequential: a worker is asked when all before it are gone; but when only one grace period is left
 * of the whole time, all that are left are asked at once. parallel: all are asked at once.
 */
export function advanceStop(
  state: State,
  stopping: Stopping,
  now: Seconds,
  policy: Policy,
): Outcome {
  const effects: Effect[] = [];
  const events: Event[] = [];
  const after: Slot[] = [];
  let joined = true;
  for (const slot of everyone(state)) {
    let current = slot;
    while (effects.length < MOST_SIGNALS && slotDueAt(current, stopping, joined, policy) <= now) {
      const next = advanceSlot(current, { now, policy, stopping });
      effects.push(...next.effects);
      events.push(...next.events);
      current = next.slot;
    }
    joined &&= !isAlive(current);
    after.push(current);
  }
  const slots = after.slice(state.predecessors.length);
  const predecessors = after.slice(0, state.predecessors.length).filter(isAlive);
  const abandoned = events.some((event) => event.type === 'worker-abandoned');
  const exitStatus = abandoned ? stopping.exitStatus || 1 : stopping.exitStatus;
  if (!joined) {
    const phase = { ...stopping, exitStatus };
    return { state: { ...state, slots, predecessors, phase }, effects, events };
  }
  events.push({ type: 'supervisor-stopped', pid: state.pid, exitStatus });
  const phase = { name: 'stopped', exitStatus } as const;
  return { state: { ...state, slots, predecessors, phase }, effects, events };
}

function slotDueAt(
  slot: Slot,
  stopping: Stopping,
  predecessorsJoined: boolean,
  policy: Policy,
): Seconds {
  if (slot.state.name !== 'running') return endingDueAt(slot, stopping);
  return mustKillAtOnce(stopping) ? -Infinity : askAt(stopping, predecessorsJoined, policy);
}

function askAt(stopping: Stopping, predecessorsJoined: boolean, policy: Policy): Seconds {
  const { order, gracePeriodSeconds } = policy.stop;
  if (order === 'parallel' || predecessorsJoined) return stopping.since;
  return Math.max(stopping.since, stopping.deadline - gracePeriodSeconds);
}

function advanceSlot(slot: Slot, context: EndingContext): SlotOutcome {
  const { state } = slot;
  if (state.name !== 'running') return advanceEnding(slot, context);
  return mustKillAtOnce(context.stopping)
    ? kill(slot, state, 'second SIGINT', context)
    : ask(slot, state, 'stop', context);
}

function stopped(slot: Slot): Slot {
  return { ...slot, state: STOPPED };
}
