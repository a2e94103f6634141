import type { RecycleCause } from './event.ts';
import type { Input } from './input.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { bytesOf } from './quantity.ts';
import { replaceability } from './rollout-move.ts';
import { recycleWorker } from './rollout.ts';
import { isWanted, ownerOf, predecessorOf, withHealth } from './slots.ts';
import type { Running, Seconds, Slot, State } from './state.ts';

/** Seconds from one look at the workers' memory to the next, at least. */
const SAMPLE_INTERVAL: Seconds = 1;

/** A look that takes long is followed by a pause of so many times its length, so that it costs 1 % at most. */
const PAUSE = 100;

/** When the memory is to be looked at; Infinity where nobody wants to know, or nobody is there. */
export function samplingDueAt({ sampling, slots }: State, policy: Policy): Seconds {
  if (policy.recycle?.maxMemory === undefined || sampling.name !== 'waiting') return Infinity;
  return slots.some((slot) => slot.state.name === 'running') ? sampling.dueAt : Infinity;
}

/** Tells the shell to look. */
export function advanceSampling(state: State, now: Seconds, policy: Policy): Outcome {
  if (samplingDueAt(state, policy) > now) return only(state);
  const groups = state.slots.flatMap(({ index: worker, state: process }) => {
    if (process.name !== 'running') return [];
    const { start, pid } = process;
    return [{ worker, start, pid, limit: memoryLimit(process, policy) }];
  });
  return {
    state: { ...state, sampling: { name: 'under way' } },
    effects: [{ type: 'sample-memory', groups }],
    events: [],
  };
}

/** How much memory the workers had. Of those that are gone nothing matters. */
export function memorySampled(
  state: State,
  { samples, seconds }: Input & { type: 'memory-sampled' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const dueAt = now + Math.max(SAMPLE_INTERVAL, PAUSE * seconds);
  const waiting: State = { ...state, sampling: { name: 'waiting', dueAt } };
  return only(
    samples.reduce((next, { worker, start, bytes }) => {
      const slot = ownerOf(next, worker, start);
      if (slot?.state.name !== 'running') return next;
      const excess = bytes > memoryLimit(slot.state, policy) ? bytes : null;
      return excess === slot.state.health.excess ? next : withHealth(next, slot, { excess });
    }, waiting),
  );
}

/**
 * When the next worker is due for recycling; Infinity while one is being recycled. Who cannot be replaced now does
 * not count: he must not keep those waiting who can.
 */
export function recyclingDueAt(state: State, policy: Policy): Seconds {
  if (policy.recycle === undefined || isRecycling(state)) return Infinity;
  const isReplaceable = replaceability(state, policy);
  let dueAt = Infinity;
  for (const slot of state.slots) {
    if (isReplaceable(slot)) dueAt = Math.min(dueAt, slotDueAt(state, slot, policy));
  }
  return dueAt;
}

/** Begins to replace the worker that needs it most: by its memory, else by its age. One at a time. */
export function advanceRecycling(state: State, now: Seconds, policy: Policy): Outcome {
  if (recyclingDueAt(state, policy) > now) return only(state);
  const isReplaceable = replaceability(state, policy);
  const due = state.slots
    .filter((slot) => isReplaceable(slot) && slotDueAt(state, slot, policy) <= now)
    .reduce((a, b) => (comesFirst(a, b, policy) ? a : b));
  if (due.state.name !== 'running') return only(state);
  const { index: worker, state: process } = due;
  const cause = causeOf(process, now, policy);
  return only(recycleWorker(state, worker), [
    { type: 'worker-recycling', worker, pid: process.pid, cause },
  ]);
}

function isRecycling({ rollout }: State): boolean {
  return rollout !== null && rollout.recycling !== null;
}

/** One that a rollout replaces anyway needs nothing more. */
function slotDueAt(state: State, slot: Slot, policy: Policy): Seconds {
  const { index, state: process } = slot;
  if (process.name !== 'running' || !isWanted(state, slot)) return Infinity;
  if (predecessorOf(state, index) !== undefined) return Infinity;
  const { rollout } = state;
  const isInRollout =
    rollout?.queue.includes(index) === true || rollout?.underWay.includes(index) === true;
  if (isInRollout) return Infinity;
  return isTooLarge(process, policy) ? -Infinity : process.since + lifetimeLimit(process, policy);
}

function isTooLarge({ health }: Running, { recycle }: Policy): boolean {
  return recycle?.maxMemory !== undefined && health.excess !== null;
}

function comesFirst(a: Slot, b: Slot, policy: Policy): boolean {
  if (a.state.name !== 'running' || b.state.name !== 'running') return a.state.name === 'running';
  const sizeOf = (process: Running): number =>
    isTooLarge(process, policy) ? (process.health.excess ?? 0) : 0;
  const larger = sizeOf(a.state) - sizeOf(b.state);
  const end = (process: Running): Seconds => process.since + lifetimeLimit(process, policy);
  return larger === 0 ? end(a.state) <= end(b.state) : larger > 0;
}

function causeOf(process: Running, now: Seconds, policy: Policy): RecycleCause {
  const { excess } = process.health;
  return isTooLarge(process, policy) && excess !== null
    ? { type: 'memory', bytes: excess, limit: memoryLimit(process, policy) }
    : { type: 'lifetime', lifetime: now - process.since, limit: lifetimeLimit(process, policy) };
}

/** Each process has limits of its own, lower than the configured ones by up to the share `jitter`. */
function lowered(limit: number | undefined, { health }: Running, { recycle }: Policy): number {
  return limit === undefined ? Infinity : limit * (1 - (recycle?.jitter ?? 0) * health.random);
}

function lifetimeLimit(process: Running, policy: Policy): Seconds {
  return lowered(policy.recycle?.maxLifetimeSeconds, process, policy);
}

function memoryLimit(process: Running, policy: Policy): number {
  const maxMemory = policy.recycle?.maxMemory;
  return lowered(maxMemory === undefined ? undefined : bytesOf(maxMemory), process, policy);
}
