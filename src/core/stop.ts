import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { isAlive } from './state.ts';
import type { KillCause, Seconds, Slot, State, StopCause, Stopping } from './state.ts';

/**
 * Seconds that a process has to vanish after SIGKILL. One that the kernel cannot end (it hangs in a
 * device or a dead network file system) is then named and left behind, because a supervisor that
 * waits for ever would be killed by the kubelet without a word.
 */
export const ABANDON_AFTER: Seconds = 2;

/** Begins the ordered stop: from here on nothing is started. A later cause changes nothing. */
export function beginStop(state: State, cause: StopCause, now: Seconds, policy: Policy): Outcome {
  if (state.phase.name === 'stopping' || state.phase.name === 'stopped') return only(state);
  const timeout = policy.stop.timeoutSeconds;
  const phase: Stopping = {
    name: 'stopping',
    cause,
    since: now,
    deadline: now + timeout,
    interrupts: 0,
    exitStatus: cause.type === 'failure' ? cause.exitStatus : 0,
  };
  const slots = state.slots.map((slot) => (isAlive(slot) ? slot : stopped(slot)));
  return only({ ...state, phase, slots, pass: { name: 'closed', endedAt: now } }, [
    { type: 'supervisor-stopping', cause, timeout },
  ]);
}

/** Counts a SIGINT during a stop. */
export function countInterrupt(state: State, signal: string): State {
  if (signal !== 'SIGINT' || state.phase.name !== 'stopping') return state;
  return { ...state, phase: { ...state.phase, interrupts: state.phase.interrupts + 1 } };
}

/** Whether a second SIGINT has asked to kill at once. */
export function mustKill(state: State): boolean {
  return state.phase.name === 'stopping' && state.phase.interrupts > 1;
}

/** When the stop has something to do: ask a worker, kill it, abandon it, or end. */
export function stopDueAt(state: State, stopping: Stopping, policy: Policy): Seconds {
  let earliest = Infinity;
  let joined = true;
  for (const slot of state.slots) {
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
  const slots: Slot[] = [];
  let joined = true;
  for (const slot of state.slots) {
    let current = slot;
    while (slotDueAt(current, stopping, joined, policy) <= now) {
      const next = advanceSlot(current, stopping, now, policy);
      effects.push(...next.effects);
      events.push(...next.events);
      current = next.slot;
    }
    joined &&= !isAlive(current);
    slots.push(current);
  }
  const abandoned = events.some((event) => event.type === 'worker-abandoned');
  const exitStatus = abandoned ? stopping.exitStatus || 1 : stopping.exitStatus;
  if (!joined) {
    return { state: { ...state, slots, phase: { ...stopping, exitStatus } }, effects, events };
  }
  events.push({ type: 'supervisor-stopped', pid: state.pid, exitStatus });
  return { state: { ...state, slots, phase: { name: 'stopped', exitStatus } }, effects, events };
}

function slotDueAt(
  slot: Slot,
  stopping: Stopping,
  predecessorsJoined: boolean,
  policy: Policy,
): Seconds {
  const { state } = slot;
  const atOnce = stopping.interrupts > 1;
  switch (state.name) {
    case 'running':
      return atOnce ? -Infinity : askAt(stopping, predecessorsJoined, policy);
    case 'stopping':
      if (state.ending.phase === 'killed') return state.ending.abandonAt;
      return atOnce ? -Infinity : state.ending.killAt;
    case 'starting':
    case 'backoff':
    case 'stopped':
      return Infinity;
  }
}

function askAt(stopping: Stopping, predecessorsJoined: boolean, policy: Policy): Seconds {
  const { order, gracePeriodSeconds } = policy.stop;
  if (order === 'parallel' || predecessorsJoined) return stopping.since;
  return Math.max(stopping.since, stopping.deadline - gracePeriodSeconds);
}

interface SlotStep {
  readonly slot: Slot;
  readonly effects: readonly Effect[];
  readonly events: readonly Event[];
}

function advanceSlot(slot: Slot, stopping: Stopping, now: Seconds, policy: Policy): SlotStep {
  const { state } = slot;
  if (state.name === 'running') {
    return stopping.interrupts > 1
      ? kill(slot, state, 'second SIGINT', now)
      : ask(slot, state, stopping, now, policy);
  }
  if (state.name !== 'stopping') return { slot, effects: [], events: [] };
  if (state.ending.phase === 'killed') return abandon(slot, state.pid);
  const cause = stopping.interrupts > 1 ? 'second SIGINT' : state.ending.killCause;
  return kill(slot, state, cause, now);
}

interface Process {
  readonly pid: number;
  readonly since: Seconds;
}

function ask(
  slot: Slot,
  { pid, since }: Process,
  stopping: Stopping,
  now: Seconds,
  policy: Policy,
): SlotStep {
  const { signal, gracePeriodSeconds: gracePeriod } = policy.stop;
  const ownEnd = now + gracePeriod;
  const killAt = Math.min(ownEnd, stopping.deadline);
  const killCause = ownEnd <= stopping.deadline ? 'grace period' : 'stop timeout';
  const ending = { phase: 'asked', killAt, killCause } as const;
  return {
    slot: { ...slot, state: { name: 'stopping', pid, since, ending } },
    effects: [{ type: 'kill', worker: slot.index, pid, signal, target: 'process' }],
    events: [{ type: 'worker-stopping', worker: slot.index, pid, signal, gracePeriod }],
  };
}

function kill(slot: Slot, { pid, since }: Process, cause: KillCause, now: Seconds): SlotStep {
  const ending = { phase: 'killed', abandonAt: now + ABANDON_AFTER } as const;
  return {
    slot: { ...slot, state: { name: 'stopping', pid, since, ending } },
    effects: [{ type: 'kill', worker: slot.index, pid, signal: 'SIGKILL', target: 'group' }],
    events: [{ type: 'worker-killed', worker: slot.index, pid, cause }],
  };
}

function abandon(slot: Slot, pid: number): SlotStep {
  return {
    slot: stopped(slot),
    effects: [],
    events: [{ type: 'worker-abandoned', worker: slot.index, pid }],
  };
}

function stopped(slot: Slot): Slot {
  return { ...slot, state: { name: 'stopped' } };
}
