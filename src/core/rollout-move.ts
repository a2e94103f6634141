import type { Policy } from './policy.ts';
import { isAlive, isCompleted, isMakingRoom, isReady, isWanted, predecessorOf } from './slots.ts';
import type { Rollout, Slot, State } from './state.ts';

/** What a rollout does next. */
export type Move =
  /** The slot needs nothing more. */
  | { readonly type: 'release'; readonly slot: Slot }
  /** An empty slot, or one that is being emptied, gets the new process. */
  | { readonly type: 'take'; readonly slot: Slot }
  /** The worker is asked to make room. */
  | { readonly type: 'take by stop'; readonly slot: Slot }
  /** A replacement is started beside it. */
  | { readonly type: 'take by surge'; readonly slot: Slot }
  /** The replacement is ready: its predecessor is asked to go. */
  | { readonly type: 'retire'; readonly slot: Slot }
  /** Nobody waits for this replacement any more: its predecessor stays. */
  | { readonly type: 'discard'; readonly slot: Slot }
  | { readonly type: 'finish' };

/** Null while it waits for somebody. */
export function nextMove(state: State, policy: Policy): Move | null {
  const { rollout } = state;
  if (rollout === null && state.predecessors.length === 0) return null;
  const discard = nextDiscard(state, rollout);
  if (discard !== null || rollout === null) return discard;
  const progress = firstOf(rollout.underWay, (index) => progressOf(state, index));
  if (progress !== null) return progress;
  const { maxSurge, maxUnavailable } = policy.rollout;
  if (rollout.underWay.length < maxUnavailable + maxSurge) {
    const room = roomFor(state, policy);
    const queue = mostUrgentFirst(state, rollout.queue);
    const taken = firstOf(queue, (index) => takeOf(state, rollout, index, room));
    if (taken !== null) return taken;
  }
  return rollout.queue.length + rollout.underWay.length === 0 ? { type: 'finish' } : null;
}

/** Those that have more memory than they should are taken first. */
function mostUrgentFirst({ slots }: State, queue: readonly number[]): readonly number[] {
  const isUrgent = (index: number): boolean => {
    const process = slots[index]?.state;
    return process?.name === 'running' && process.health.excess !== null;
  };
  if (!queue.some(isUrgent)) return queue;
  return [...queue.filter(isUrgent), ...queue.filter((index) => !isUrgent(index))];
}

function firstOf(indices: readonly number[], moveOf: (index: number) => Move | null): Move | null {
  for (const index of indices) {
    const move = moveOf(index);
    if (move !== null) return move;
  }
  return null;
}

/** Of a rollout that was aborted, or taken over by another. */
function nextDiscard(state: State, rollout: Rollout | null): Move | null {
  for (const predecessor of state.predecessors) {
    const { index, state: before } = predecessor;
    const slot = state.slots[index];
    const isOver = before.name === 'running' && rollout?.underWay.includes(index) !== true;
    if (!isOver || slot === undefined || !isWanted(state, slot)) continue;
    if (slot.state.name === 'running' && slot.state.ready)
      return { type: 'retire', slot: predecessor };
    if (slot.state.name === 'running' || !isAlive(slot)) return { type: 'discard', slot };
  }
  return null;
}

function progressOf(state: State, index: number): Move | null {
  const slot = state.slots[index];
  if (slot === undefined) return null;
  if (!isWanted(state, slot) || isCompleted(slot)) return { type: 'release', slot };
  // not gone yet, or not ready yet
  if (slot.fallback !== null || isBeingEmptied(slot)) return null;
  const predecessor = predecessorOf(state, index);
  if (predecessor === undefined) return { type: 'release', slot };
  const isProven = slot.state.name === 'running' && slot.state.ready;
  return isProven && predecessor.state.name === 'running'
    ? { type: 'retire', slot: predecessor }
    : null;
}

function isBeingEmptied(slot: Slot): boolean {
  return isMakingRoom(slot) && slot.state.name === 'stopping' && slot.state.next === null;
}

function takeOf(state: State, rollout: Rollout, index: number, room: Room): Move | null {
  const slot = state.slots[index];
  if (slot === undefined) return null;
  if (!isWanted(state, slot) || isCompleted(slot)) return { type: 'release', slot };
  if (rollout.underWay.includes(index) || predecessorOf(state, index) !== undefined) return null;
  switch (slot.state.name) {
    case 'starting':
      return null;
    case 'stopping':
      return isBeingEmptied(slot) ? { type: 'take', slot } : null;
    case 'backoff':
    case 'stopped':
      return { type: 'take', slot };
    case 'running':
      return takeRunning(state, slot, room);
  }
}

function takeRunning(state: State, slot: Slot, room: Room): Move | null {
  // of a rollout before this one, and not ready yet
  if (slot.fallback !== null) return { type: 'take by stop', slot };
  if (room.surge) return { type: 'take by surge', slot };
  return room.spare || !isReady(state, slot) ? { type: 'take by stop', slot } : null;
}

/** What there is room for. */
interface Room {
  /** One process more: never more than are wanted and `maxSurge`. */
  readonly surge: boolean;
  /** One ready worker less: never fewer than are wanted less `maxUnavailable`. */
  readonly spare: boolean;
}

/** Tells which workers can be replaced now, as `rollout` says; one that is not ready is missed by nobody. */
export function replaceability(state: State, policy: Policy): (slot: Slot) => boolean {
  const { maxSurge, maxUnavailable } = policy.rollout;
  if ((state.rollout?.underWay.length ?? 0) >= maxUnavailable + maxSurge) return () => false;
  const { surge, spare } = roomFor(state, policy);
  return surge || spare ? () => true : (slot) => !isReady(state, slot);
}

function roomFor(state: State, { rollout: { maxSurge, maxUnavailable } }: Policy): Room {
  const { slots, desired, predecessors } = state;
  const surplus = slots.slice(desired).filter(isAlive).length;
  // who has completed comes back for nobody's sake
  const wanted = slots.slice(0, desired).filter((slot) => !isCompleted(slot));
  const ready = wanted.filter((slot) => isReady(state, slot)).length;
  return {
    surge: predecessors.length + surplus < maxSurge,
    spare: ready - 1 >= wanted.length - maxUnavailable,
  };
}
