import { abortOperations } from './answers.ts';
import { askToStop } from './ending.ts';
import type { Event } from './event.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { nextPassAt } from './pass.ts';
import { nextMove } from './rollout-move.ts';
import type { Move } from './rollout-move.ts';
import { isAlive, NEW, withEnded, withPredecessor, withSlot } from './slots.ts';
import type { Rollout, Seconds, Slot, State, Template } from './state.ts';
import { MOST_SIGNALS } from './stop.ts';

/**
 * Begins to replace a worker that is too old or too large, or adds it to what is under way. `workers` is without it,
 * since nobody has asked for it.
 */
export function recycleWorker(state: State, worker: number): State {
  const { rollout, template } = state;
  const nothing = { template: null, before: template, queue: [], underWay: [], workers: 0 };
  const { queue, ...others } = rollout ?? nothing;
  return { ...state, rollout: { ...others, queue: [worker, ...queue], recycling: worker } };
}

/** Whether all that was asked for is done; what is recycled nobody has asked for. */
export function isRolledOut({ rollout }: State): boolean {
  if (rollout === null) return true;
  return [...rollout.queue, ...rollout.underWay].every((index) => index === rollout.recycling);
}

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
  const workers = queue.length;
  const rollout = { template, before, queue, underWay: [], workers, recycling: null };
  return only({ ...next, rollout }, [...superseded, { type: 'rollout-started', workers }]);
}

/** Adds slots to the rollout under way, or begins one. */
export function restartWorkers(state: State, workers: readonly number[]): Outcome {
  const { rollout } = state;
  if (rollout === null) return beginRollout(state, workers, null);
  const added = workers.filter((index) => !rollout.queue.includes(index));
  const queue = [...rollout.queue, ...added].sort((a, b) => a - b);
  const isAsked = (index: number): boolean => workers.includes(index) && queue.includes(index);
  const { recycling } = rollout;
  const next: Rollout = {
    ...rollout,
    queue,
    workers: rollout.workers + workers.length,
    recycling: recycling !== null && isAsked(recycling) ? null : recycling,
  };
  return only(
    { ...state, rollout: next },
    rollout.workers === 0 ? [{ type: 'rollout-started', workers: workers.length }] : [],
  );
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
  const purpose = isRecycling(state, slot) ? 'recycle' : 'rollout';
  return askToStop(state, slot, purpose, now, policy);
}

function isRecycling({ rollout }: State, { index }: Slot): boolean {
  return rollout?.recycling === index;
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
    state: NEW,
  };
}

function surged(state: State, slot: Slot): State {
  const replacement: Slot = {
    ...retargeted(slot, state),
    attempt: 0,
    restartReason: isRecycling(state, slot) ? 'recycled' : 'rollout',
    state: NEW,
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
  const recycling = rollout.recycling === index ? null : rollout.recycling;
  return underWay.includes(index)
    ? { ...state, rollout: { ...rollout, recycling, underWay: without(underWay) } }
    : { ...state, rollout: { ...rollout, recycling, queue: without(queue) } };
}

function finished(state: State): Outcome {
  const workers = state.rollout?.workers ?? 0;
  const told: readonly Event[] = workers === 0 ? [] : [{ type: 'rollout-finished', workers }];
  return only({ ...state, rollout: null }, told);
}
