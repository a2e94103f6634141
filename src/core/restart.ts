import type { Policy } from './policy.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { withSlot } from './state.ts';
import type { Seconds, Slot, State } from './state.ts';

/**
 * When the loop has something to start: at once while a pass is open or after a quiet time, else
 * `reloadDelay` after the end of the pass before. Null while nothing is dead, and while a spawn is
 * under way: its outcome comes first.
 */
export function passDueAt(state: State, policy: Policy): Seconds | null {
  if (isSpawning(state)) return null;
  if (state.pass.name === 'open') return -Infinity;
  return state.slots.some(isStartable) ? state.pass.endedAt + policy.reloadDelay : null;
}

/**
 * Starts the next worker of a pass, opening one if it is due. One spawn is under way at a time, so
 * that a stop in the middle finds the rest not started.
 */
export function runPass(state: State, now: Seconds, policy: Policy): Outcome {
  const dueAt = passDueAt(state, policy);
  if (dueAt === null || dueAt > now) return only(state);
  const [index, ...queue] =
    state.pass.name === 'open' ? state.pass.queue : state.slots.filter(isStartable).map(indexOf);
  const slot = index === undefined ? undefined : state.slots[index];
  if (slot === undefined) return only(state);
  const starting = withSlot(state, { ...slot, state: { name: 'starting', since: now } });
  return {
    state: { ...starting, pass: { name: 'open', queue } },
    effects: [{ type: 'spawn', worker: slot.index, start: slot.starts + 1, count: state.desired }],
    events: [],
  };
}

/** Ends the pass if it has started all that it had to; the next is due from here. */
export function closePass(state: State, now: Seconds): State {
  const { pass } = state;
  if (pass.name === 'closed' || pass.queue.length > 0 || isSpawning(state)) return state;
  return { ...state, pass: { name: 'closed', endedAt: now } };
}

function isStartable(slot: Slot): boolean {
  const { name } = slot.state;
  return name === 'backoff' || (name === 'stopped' && slot.starts === 0);
}

function isSpawning(state: State): boolean {
  return state.slots.some((slot) => slot.state.name === 'starting');
}

function indexOf(slot: Slot): number {
  return slot.index;
}
