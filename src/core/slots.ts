import type { Health } from './health.ts';
import type { Process, Slot, State, Template, Vacancy } from './state.ts';

/** It gets a process with the next pass. */
export const NEW = { name: 'stopped', because: 'new' } as const satisfies Vacancy;

/** It is not wanted any more. */
export const SCALED = { name: 'stopped', because: 'scaled' } as const satisfies Vacancy;

/** It is empty for a stop. */
export const STOPPED = { name: 'stopped', because: 'stop' } as const satisfies Vacancy;

/** A slot that has had no process. */
export function newSlot(index: number, template: Template): Slot {
  return {
    index,
    starts: 0,
    restarts: {},
    lastExit: null,
    attempt: 0,
    restartReason: null,
    template,
    fallback: null,
    wasReady: false,
    state: NEW,
  };
}

/** The same state with one slot replaced. */
export function withSlot(state: State, slot: Slot): State {
  const slots = state.slots.slice();
  slots[slot.index] = slot;
  return { ...state, slots };
}

/** The same state with what has become of a predecessor; without a process it is gone. */
export function withPredecessor(state: State, predecessor: Slot): State {
  const others = state.predecessors.filter(({ index }) => index !== predecessor.index);
  const predecessors = isAlive(predecessor) ? [...others, predecessor] : others;
  return { ...state, predecessors: predecessors.sort((a, b) => a.index - b.index) };
}

/** The process in the slot that its replacement, in the same slot, has yet to take over from. */
export function predecessorOf(state: State, index: number): Slot | undefined {
  return state.predecessors.find((slot) => slot.index === index);
}

/**
 * The slot with what has become of it. One whose replacement is gone before its predecessor was asked to go
 * has that again.
 */
export function withEnded(state: State, slot: Slot): State {
  const predecessor = predecessorOf(state, slot.index);
  if (isAlive(slot) || predecessor?.state.name !== 'running') return withSlot(state, slot);
  const { starts, restarts, lastExit, index } = slot;
  const others = state.predecessors.filter((other) => other.index !== index);
  const restored = { ...predecessor, starts, restarts, lastExit };
  return withSlot({ ...state, predecessors: others }, restored);
}

/** In index order, but who was on the way out already comes first. */
export function everyone({ predecessors, slots }: State): readonly Slot[] {
  return predecessors.length === 0 ? slots : [...predecessors, ...slots];
}

/** The slot, or the predecessor in it, that has this process; alive, or with somebody of its group left. */
export function ownerOf(state: State, worker: number, start: number): Slot | undefined {
  const slot = state.slots[worker];
  if (slot !== undefined && processOf(slot)?.start === start) return slot;
  const predecessor = predecessorOf(state, worker);
  return predecessor !== undefined && processOf(predecessor)?.start === start
    ? predecessor
    : undefined;
}

/** Whether it is a predecessor, not what its slot counts as. */
export function isPredecessor(state: State, slot: Slot): boolean {
  return state.predecessors.includes(slot);
}

/** The same state with what is newly known of how a running process is. */
export function withHealth(state: State, slot: Slot, known: Partial<Health>): State {
  if (slot.state.name !== 'running') return state;
  const health = { ...slot.state.health, ...known };
  return withOwner(state, slot, { ...slot, state: { ...slot.state, health } });
}

/** Whether the slot has, or may have in a moment, a process or what is left of its group. */
export function isAlive(slot: Slot): boolean {
  const { name } = slot.state;
  return name === 'starting' || name === 'running' || name === 'stopping';
}

/** Whether the process, or what is left of its group, is in this slot. */
export function isProcessOf(state: State, index: number, pid: number): boolean {
  return [state.slots[index], predecessorOf(state, index)].some(
    (slot) => slot !== undefined && processOf(slot)?.pid === pid,
  );
}

/** The process of a slot, or what is left of its group. */
export function processOf({ state }: Slot): Process | null {
  return state.name === 'running' || state.name === 'stopping' ? state : null;
}

/** The process of a slot, while it is alive. */
export function liveProcess({ state }: Slot): Process | null {
  if (state.name === 'running') return state;
  const isAlive =
    state.name === 'stopping' &&
    (state.ending.phase === 'asked' || state.ending.phase === 'killed');
  return isAlive ? state : null;
}

/** Whether the slot is one of those that are wanted. */
export function isWanted({ desired }: Pick<State, 'desired'>, { index }: Slot): boolean {
  return index < desired;
}

/** Whether it was asked to make room for its replacement. */
export function isMakingRoom({ state }: Slot): boolean {
  return state.name === 'stopping' && (state.purpose === 'rollout' || state.purpose === 'recycle');
}

/** Whether its policy gives it no other process. */
export function isCompleted({ state }: Slot): boolean {
  return state.name === 'stopped' && state.because === 'completed';
}

/** Whether a process of the slot is ready: its own, or the one that it has yet to take over from. */
export function isReady(state: State, slot: Slot): boolean {
  if (isRunningReady(slot)) return true;
  const predecessor = predecessorOf(state, slot.index);
  return predecessor !== undefined && isRunningReady(predecessor);
}

function isRunningReady({ state }: Slot): boolean {
  return state.name === 'running' && state.ready;
}

/** The same state with what has become of a slot, or of a predecessor. */
export function withOwner(state: State, before: Slot, after: Slot): State {
  return isPredecessor(state, before) ? withPredecessor(state, after) : withEnded(state, after);
}
