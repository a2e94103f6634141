import { askToStop } from './ending.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { failed, isUnproven } from './replacement.ts';
import { isWanted, predecessorOf } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';

/**
 * Seconds that a replacement has from its start to its readiness, as the `progressDeadlineSeconds` of a Deployment
 * has it by default (k8s.io/api, apps/v1). A startup probe has its own time before that.
 */
export const PROGRESS_DEADLINE: Seconds = 600;

/** When a replacement has not become ready in time; Infinity for everybody else. */
export function stuckAt(state: State, slot: Slot, { minReadySeconds }: Policy): Seconds {
  if (slot.state.name !== 'running' || slot.state.ready) return Infinity;
  if (!isWanted(state, slot) || !isUnproven(state, slot)) return Infinity;
  const { startedAt } = slot.state.health;
  return startedAt === null ? Infinity : startedAt + minReadySeconds + PROGRESS_DEADLINE;
}

/** Ends the rollouts of those that are stuck, and puts their slots back to what they had. */
export function advanceProgress(state: State, now: Seconds, policy: Policy): Outcome {
  return state.slots
    .filter((slot) => stuckAt(state, slot, policy) <= now)
    .reduce(
      (outcome, slot) => then(outcome, (next) => giveUpOn(next, slot, now, policy)),
      only(state),
    );
}

function giveUpOn(state: State, slot: Slot, now: Seconds, policy: Policy): Outcome {
  const { index, state: process } = slot;
  if (process.name !== 'running') return only(state);
  const seconds = Math.round(now - (process.health.startedAt ?? now));
  const message = `worker ${index} was not ready ${seconds} s after it had started`;
  const aborted = failed(state, index, message);
  // one whose predecessor is there is discarded, as that of any aborted rollout
  if (predecessorOf(state, index)?.state.name === 'running') return aborted;
  return then(aborted, (next) => askToStop(next, slot, 'rollout', now, policy));
}
