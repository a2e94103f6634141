import type { Config } from '../config/generated.ts';
import { abortRestarts } from './answers.ts';
import { askToStop } from './ending.ts';
import { MOST_WORKERS } from './operation.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { announceStarted } from './ready.ts';
import { closePass } from './pass.ts';
import { beginRollout, restartWorkers } from './rollout.ts';
import { isAlive, isCompleted, NEW, newSlot, predecessorOf, SCALED } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';
import { MOST_SIGNALS } from './stop.ts';
import { sameTemplate } from './template.ts';
import { concluded } from './vacancy.ts';

/** Why so many workers cannot be had, in one sentence; null if they can. */
export function refusalOfScale(
  workers: number,
  policy: Pick<Config, 'portBase' | 'metrics'>,
): string | null {
  const { most, because } = limitOf(policy);
  return workers <= most ? null : `expected at most ${most} workers (${because}), found ${workers}`;
}

/** How many workers there can be, and why not more. */
export function limitOf({ portBase, metrics }: Pick<Config, 'portBase' | 'metrics'>): {
  readonly most: number;
  readonly because: string;
} {
  const limits = [{ most: MOST_WORKERS, because: 'the largest value of workers' }];
  if (typeof metrics.workers?.port === 'number') {
    limits.push({ most: 1, because: 'metrics.workers.port is one port' });
  }
  if (portBase !== undefined) {
    limits.push({ most: 65_536 - portBase, because: `portBase is ${portBase}` });
    if (metrics.enabled && metrics.port >= portBase) {
      const because = `portBase is ${portBase} and metrics.port ${metrics.port}`;
      limits.push({ most: metrics.port - portBase, because });
    }
  }
  return limits.reduce((least, limit) => (limit.most < least.most ? limit : least));
}

/**
 * Wants another number of workers. Further ones are started with the next pass; those past it are asked to stop
 * by `advanceScaleDown`, and one that waits for its start waits no more.
 */
export function scaleTo(state: State, desired: number, now: Seconds, policy: Policy): Outcome {
  if (desired === state.desired) return only(state);
  const existing = state.slots.map((slot) => {
    if (slot.index >= desired) return surplus(slot);
    return slot.index < state.desired ? slot : wantedAgain(slot, state);
  });
  const further = Array.from({ length: Math.max(0, desired - existing.length) }, (_, place) =>
    newSlot(existing.length + place, state.template),
  );
  const pass =
    state.pass.name === 'closed'
      ? state.pass
      : { ...state.pass, queue: state.pass.queue.filter((index) => index < desired) };
  const scaled = abortRestarts({ ...state, desired, slots: [...existing, ...further], pass });
  const outdated = existing.filter(({ index, template, state: { name } }) => {
    const isBack = index >= state.desired && index < desired;
    return isBack && name === 'running' && !sameTemplate(template, state.template);
  });
  const told = only(announceStarted(closePass(scaled, now)), [
    { type: 'scaled', from: state.desired, to: desired },
  ]);
  const replaced = then(told, (next) => replaceOutdated(next, outdated));
  // those that are left may have completed before
  return concluded(replaced, null, now, policy);
}

/** Those who were on their way out while another rollout passed them by. */
function replaceOutdated(state: State, outdated: readonly Slot[]): Outcome {
  if (outdated.length === 0) return only(state);
  const indices = outdated.map(({ index }) => index);
  return state.rollout === null
    ? beginRollout(state, indices, state.template)
    : restartWorkers(state, indices);
}

/** Whether somebody who is not wanted any more has to be asked to stop. */
export function isScaleDownDue(state: State, policy: Policy): boolean {
  return nextSurplus(state, policy) !== null;
}

/**
 * Asks those who are not wanted any more to stop, from the highest index; with `stop.order` sequential each
 * when the one before it is gone.
 */
export function advanceScaleDown(state: State, now: Seconds, policy: Policy): Outcome {
  let outcome = only(state);
  for (let asked = 0; asked < MOST_SIGNALS; asked += 1) {
    const slot = nextSurplus(outcome.state, policy);
    if (slot === null) break;
    outcome = then(outcome, (next) => askToStop(next, slot, 'scale', now, policy));
  }
  return outcome;
}

/** Whether all that are wanted have been ready, and nobody else is left. */
export function isScaled(state: State): boolean {
  return (
    state.predecessors.every(({ index }) => index < state.desired) &&
    state.slots.every((slot) =>
      slot.index < state.desired ? slot.wasReady || isCompleted(slot) : !isAlive(slot),
    )
  );
}

function nextSurplus(state: State, { stop }: Policy): Slot | null {
  for (let index = state.slots.length - 1; index >= state.desired; index -= 1) {
    const members = [predecessorOf(state, index), state.slots[index]];
    const running = members.find((slot) => slot?.state.name === 'running');
    if (running !== undefined) return running;
    const isEmpty = members.every((slot) => slot === undefined || !isAlive(slot));
    if (stop.order === 'sequential' && !isEmpty) return null;
  }
  return null;
}

function surplus(slot: Slot): Slot {
  const { state } = slot;
  if (!isAlive(slot)) return { ...slot, fallback: null, state: SCALED };
  return state.name === 'stopping' && state.next !== null
    ? { ...slot, state: { ...state, next: SCALED } }
    : slot;
}

function wantedAgain(slot: Slot, { template }: State): Slot {
  const { state } = slot;
  const again = { ...slot, attempt: 0, restartReason: null, wasReady: false };
  if (!isAlive(slot)) return { ...again, template, fallback: null, state: NEW };
  if (state.name === 'stopping' && state.next !== null) {
    return { ...again, template, fallback: null, state: { ...state, next: NEW } };
  }
  // not asked to stop yet
  if (state.name === 'running') return { ...slot, wasReady: state.ready };
  // whatever it was asked for, what comes after it is what all others have
  return state.name === 'stopping'
    ? { ...again, fallback: null, state: { ...state, purpose: 'scale' } }
    : again;
}
