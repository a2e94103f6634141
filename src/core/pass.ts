import type { Policy } from './policy.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { withSlot } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';

/**
 * When the loop has something to start: at once while a pass is open or after a quiet time, else
 * `reloadDelay` after the end of the pass before, and not before the backoff of the first one due. Null
 * while nothing is dead, and while a spawn is under way: its outcome comes first.
 */
export function passDueAt(state: State, policy: Policy): Seconds | null {
  if (isSpawning(state)) return null;
  if (state.pass.name === 'open') return -Infinity;
  let earliest = Infinity;
  for (const slot of state.slots) earliest = Math.min(earliest, startableAt(slot));
  return earliest === Infinity ? null : Math.max(earliest, nextPassAt(state, policy));
}

/** The earliest time of the next pass; while one is open, it is not known yet. */
export function nextPassAt({ pass }: State, { reloadDelay }: Policy): Seconds {
  return pass.name === 'open' ? -Infinity : pass.endedAt + reloadDelay;
}

/**
 * Starts the next worker of a pass, opening one if it is due. One spawn is under way at a time, so
 * that a stop in the middle finds the rest not started.
 */
export function runPass(state: State, now: Seconds, policy: Policy): Outcome {
  const dueAt = passDueAt(state, policy);
  if (dueAt === null || dueAt > now) return only(state);
  const planned = state.pass.name === 'open' ? state.pass.queue : startableSlots(state, now);
  const place = planned.findIndex((index) => isStartable(state, index, now));
  const slot = place === -1 ? undefined : state.slots[planned[place] ?? -1];
  const queue = planned.slice(place + 1);
  // what was planned may be wanted no more
  if (slot === undefined)
    return only(closePass({ ...state, pass: { name: 'open', queue: [] } }, now));
  const starting = withSlot(state, { ...slot, state: { name: 'starting', since: now } });
  return {
    state: { ...starting, pass: { name: 'open', queue } },
    effects: [
      {
        type: 'spawn',
        worker: slot.index,
        start: slot.starts + 1,
        count: state.desired,
        template: slot.template,
      },
    ],
    events: [],
  };
}

/** Ends the pass if it has started all that it had to; the next is due from here. */
export function closePass(state: State, now: Seconds): State {
  const { pass } = state;
  if (pass.name === 'closed' || pass.queue.length > 0 || isSpawning(state)) return state;
  return { ...state, pass: { name: 'closed', endedAt: now } };
}

function isStartable({ slots }: State, index: number, now: Seconds): boolean {
  const slot = slots[index];
  return slot !== undefined && startableAt(slot) <= now;
}

function startableSlots(state: State, now: Seconds): readonly number[] {
  return state.slots.filter((slot) => startableAt(slot) <= now).map((slot) => slot.index);
}

/** When the slot may get a process; Infinity if it has one, or gets no other. */
function startableAt({ state }: Slot): Seconds {
  if (state.name === 'backoff') return state.dueAt;
  return state.name === 'stopped' && state.because === 'new' ? -Infinity : Infinity;
}

function isSpawning(state: State): boolean {
  return state.slots.some((slot) => slot.state.name === 'starting');
}
