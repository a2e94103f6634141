import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { abortRollout } from './rollout.ts';
import { NEW, predecessorOf } from './slots.ts';
import type { Exit, RestartReason, Slot, State } from './state.ts';
import type { VacantSlot } from './vacancy.ts';

/** Whether it is the replacement of a worker, or will be, and has not been ready. */
export function isUnproven(state: State, slot: Slot): boolean {
  return slot.fallback !== null || predecessorOf(state, slot.index)?.state.name === 'running';
}

/** A replacement that was never ready: the slot goes back to what it had. */
export function fallenBack(slot: Slot): VacantSlot {
  const { fallback, template, lastExit } = slot;
  return {
    ...slot,
    template: fallback ?? template,
    fallback: null,
    attempt: 0,
    restartReason: lastExit === null ? null : restartReasonOf(lastExit),
    state: NEW,
  };
}

/** Ends the rollout whose replacement has failed, if it is the one under way. */
export function failed(state: State, worker: number, message: string): Outcome {
  return state.rollout?.underWay.includes(worker) === true
    ? abortRollout(state, worker, message)
    : only(state);
}

export function restartReasonOf({ reason }: Exit): RestartReason {
  return reason === 'stopped' || reason === 'killed' ? 'exit' : reason;
}
