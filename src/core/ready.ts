import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { isCompleted, isWanted, withSlot } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';

/** When a worker that is not ready will be, if it lives so long; Infinity for any other. */
export function readyAt({ state }: Slot, { minReadySeconds }: Policy): Seconds {
  return state.name === 'running' && !state.ready ? state.since + minReadySeconds : Infinity;
}

/** The slot of a running worker that is ready: it has no need to go back to what was before it. */
export function asReady(slot: Slot): Slot {
  if (slot.state.name !== 'running') return slot;
  return { ...slot, fallback: null, wasReady: true, state: { ...slot.state, ready: true } };
}

/** Takes those for ready that have lived for long enough. */
export function advanceReadiness(state: State, now: Seconds, policy: Policy): Outcome {
  if (state.slots.every((slot) => readyAt(slot, policy) > now)) return only(state);
  let next = state;
  const ready = state.slots.filter((slot) => readyAt(slot, policy) <= now).map(asReady);
  for (const slot of ready) next = withSlot(next, slot);
  const events = ready.flatMap(({ index, state: { name, ...process } }) =>
    name === 'running' && 'pid' in process
      ? [{ type: 'worker-ready', worker: index, pid: process.pid } as const]
      : [],
  );
  return only(announceStarted(next), events);
}

/** The supervisor is `running` from the instant at which every wanted worker has been ready once. */
export function announceStarted(state: State): State {
  if (state.phase.name !== 'starting') return state;
  const started = state.slots.every(
    (slot) => slot.wasReady || isCompleted(slot) || !isWanted(state, slot),
  );
  return started ? { ...state, phase: { name: 'running' } } : state;
}
