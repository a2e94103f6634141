import { abortOperations } from './answers.ts';
import { ask } from './ending.ts';
import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { nextPassAt } from './restart.ts';
import {
  isAlive,
  isCompleted,
  isReady,
  isWanted,
  predecessorOf,
  withEnded,
  withOwner,
  withPredecessor,
  withSlot,
} from './slots.ts';
import type { Rollout, Seconds, Slot, State, Template } from './state.ts';
import { MOST_SIGNALS } from './stop.ts';

/** What a rollout does next. */
type Move =
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

/**
 * Begins to replace the workers of these slots, `rollout.maxUnavailable` and `rollout.maxSurge` at a time. What an
 * earlier rollout had under way is taken over.
 *
 * @param template - what the replacements are made from; null: each from what its slot has
 */
export function beginRollout(
  state: State,
  queue: readonly number[],
  template: Template | null,
): Outcome {
  const before = state.rollout?.before ?? state.template;
  const next = { ...state, template: template ?? state.template };
  const superseded: readonly Event[] =
    state.rollout === null ? [] : [{ type: 'rollout-superseded' }];
  if (queue.length === 0) return only({ ...next, rollout: null }, superseded);
  const rollout: Rollout = { template, before, queue, underWay: [], workers: queue.length };
  return only({ ...next, rollout }, [
    ...superseded,
    { type: 'rollout-started', workers: queue.length },
  ]);
}

/** Adds slots to the rollout under way, or begins one. */
export function restartWorkers(state: State, workers: readonly number[]): Outcome {
  const { rollout } = state;
  if (rollout === null) return beginRollout(state, workers, null);
  const added = workers.filter((index) => !rollout.queue.includes(index));
  const queue = [...rollout.queue, ...added].sort((a, b) => a - b);
  return only({
    ...state,
    rollout: { ...rollout, queue, workers: rollout.workers + added.length },
  });
}

/** Ends the rollout: who is not replaced yet stays as he is. */
export function abortRollout(state: State, worker: number, message: string): Outcome {
  const { rollout } = state;
  if (rollout === null) return only(state);
  const remaining = rollout.queue.length;
  const told = abortOperations(state, 'rollout', message);
  return only({ ...told, rollout: null, template: rollout.before }, [
    { type: 'rollout-aborted', worker, message, remaining },
  ]);
}

/** When a rollout has something to do; Infinity while it waits for somebody. */
export function rolloutDueAt(state: State, policy: Policy): Seconds {
  const move = nextMove(state, policy);
  return move === null ? Infinity : dueAt(move, state, policy);
}

/** A worker is not asked before its replacement could be started: nobody would be there meanwhile. */
function dueAt(move: Move, state: State, policy: Policy): Seconds {
  return move.type === 'take by stop' ? nextPassAt(state, policy) : -Infinity;
}

/** Does what can be done of it at this instant. */
export function advanceRollout(state: State, now: Seconds, policy: Policy): Outcome {
  let outcome = only(state);
  while (outcome.effects.length < MOST_SIGNALS) {
    const move = nextMove(outcome.state, policy);
    if (move === null || dueAt(move, outcome.state, policy) > now) break;
    outcome = then(outcome, (next) => perform(next, move, now, policy));
  }
  return outcome;
}

/** The slot of a worker that has made room: what its next process is made from. */
export function retargeted(slot: Slot, { rollout }: State): Slot {
  const { template, fallback } = slot;
  if (rollout?.underWay.includes(slot.index) !== true) {
    return { ...slot, template: fallback ?? template, fallback: null };
  }
  return { ...slot, template: rollout.template ?? template, fallback: fallback ?? template };
}

function nextMove(state: State, policy: Policy): Move | null {
  const { rollout } = state;
  if (rollout === null && state.predecessors.length === 0) return null;
  const discard = nextDiscard(state, rollout);
  if (discard !== null || rollout === null) return discard;
  const progress = firstOf(rollout.underWay, (index) => progressOf(state, index));
  if (progress !== null) return progress;
  const { maxSurge, maxUnavailable } = policy.rollout;
  if (rollout.underWay.length < maxUnavailable + maxSurge) {
    const room = roomFor(state, policy);
    const taken = firstOf(rollout.queue, (index) => takeOf(state, rollout, index, room));
    if (taken !== null) return taken;
  }
  return rollout.queue.length + rollout.underWay.length === 0 ? { type: 'finish' } : null;
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
  if (slot.fallback !== null || isMakingRoom(slot)) return null;
  const predecessor = predecessorOf(state, index);
  if (predecessor === undefined) return { type: 'release', slot };
  const isProven = slot.state.name === 'running' && slot.state.ready;
  return isProven && predecessor.state.name === 'running'
    ? { type: 'retire', slot: predecessor }
    : null;
}

function isMakingRoom({ state }: Slot): boolean {
  return state.name === 'stopping' && state.purpose === 'rollout' && state.next === null;
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
      return isMakingRoom(slot) ? { type: 'take', slot } : null;
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

function roomFor(state: State, { rollout: { maxSurge, maxUnavailable } }: Policy): Room {
  const { slots, desired, predecessors } = state;
  const surplus = slots.slice(desired).filter(isAlive).length;
  const ready = slots.slice(0, desired).filter((slot) => isReady(state, slot)).length;
  return {
    surge: predecessors.length + surplus < maxSurge,
    spare: ready - 1 >= desired - maxUnavailable,
  };
}

function perform(state: State, move: Move, now: Seconds, policy: Policy): Outcome {
  switch (move.type) {
    case 'release':
      return only(released(state, move.slot.index));
    case 'take':
      return only(taken(withSlot(state, emptied(move.slot, state)), move.slot.index));
    case 'take by stop':
      return asked(taken(state, move.slot.index), move.slot, now, policy);
    case 'take by surge':
      return only(surged(taken(state, move.slot.index), move.slot));
    case 'retire':
      return asked(state, move.slot, now, policy);
    case 'discard':
      return move.slot.state.name === 'running'
        ? asked(state, move.slot, now, policy)
        : only(withEnded(state, move.slot));
    case 'finish':
      return finished(state);
  }
}

function asked(state: State, slot: Slot, now: Seconds, policy: Policy): Outcome {
  if (slot.state.name !== 'running') return only(state);
  const move = ask(slot, slot.state, 'rollout', { now, policy, stopping: null });
  const effects: readonly Effect[] = move.effects;
  return { state: withOwner(state, slot, move.slot), effects, events: move.events };
}

/** A slot without a process gets the new one with the next pass; of any other that is seen to when it is empty. */
function emptied(slot: Slot, state: State): Slot {
  if (isAlive(slot)) return slot;
  const { rollout } = state;
  const { template, fallback } = slot;
  return {
    ...slot,
    attempt: 0,
    template: rollout?.template ?? template,
    fallback: fallback ?? template,
    state: { name: 'stopped', because: 'new' },
  };
}

function surged(state: State, slot: Slot): State {
  const replacement: Slot = {
    ...retargeted(slot, state),
    attempt: 0,
    restartReason: 'rollout',
    state: { name: 'stopped', because: 'new' },
  };
  return withSlot(withPredecessor(state, slot), replacement);
}

function taken(state: State, index: number): State {
  const { rollout } = state;
  if (rollout === null) return state;
  const queue = rollout.queue.filter((each) => each !== index);
  return { ...state, rollout: { ...rollout, queue, underWay: [...rollout.underWay, index] } };
}

function released(state: State, index: number): State {
  const { rollout } = state;
  if (rollout === null) return state;
  const without = (indices: readonly number[]): readonly number[] =>
    indices.filter((each) => each !== index);
  const { queue, underWay } = rollout;
  return underWay.includes(index)
    ? { ...state, rollout: { ...rollout, underWay: without(underWay) } }
    : { ...state, rollout: { ...rollout, queue: without(queue) } };
}

function finished(state: State): Outcome {
  const workers = state.rollout?.workers ?? 0;
  return only({ ...state, rollout: null }, [{ type: 'rollout-finished', workers }]);
}
