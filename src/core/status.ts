import { whyNotReady } from './ready.ts';
import { nextPassAt } from './pass.ts';
import { isAlive, isReady, isWanted, liveProcess, processOf } from './slots.ts';
import type { Exit, RestartCounts, Seconds, Slot, State } from './state.ts';
import type { Policy } from './policy.ts';

/** The state that a worker is in. */
export type WorkerStateName = 'starting' | 'running' | 'backoff' | 'stopping' | 'stopped';

/** How far the whole has come: `starting` until every wanted worker has been ready once. */
export type SupervisorStateName = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Every state that a worker can be in, in the order of its life. */
export const WORKER_STATES: readonly WorkerStateName[] = [
  'starting',
  'running',
  'backoff',
  'stopping',
  'stopped',
];

/** One worker, for those who watch. */
export interface WorkerStatus {
  /** Of its slot, 0 to N − 1. */
  readonly index: number;
  readonly state: WorkerStateName;
  /** By its probes, its notification or its age, as a container is ready. */
  readonly ready: boolean;
  /** Of a running worker that is not ready, why, in a few words; else null. */
  readonly notReadyBecause: string | null;
  /** What it has told of itself (STATUS= of sd_notify(3)), or null. */
  readonly statusText: string | null;
  /** Null without a process. */
  readonly pid: number | null;
  /**
   * When its process was started; without a process, since when there is none. Null before the first
   * attempt.
   */
  readonly since: Seconds | null;
  /** How many times a process has been started in the slot. */
  readonly starts: number;
  /** By the reason of the end before. */
  readonly restarts: RestartCounts;
  /** How the slot's last process to end has ended; null if none has. */
  readonly lastExit: Exit | null;
  /** Seconds until a dead worker's replacement may start; null where none is due. */
  readonly nextStartIn: Seconds | null;
}

/** The whole, for those who watch. */
export interface Status {
  /** The supervisor's own; 0 before it has started. */
  readonly pid: number;
  readonly state: SupervisorStateName;
  /** How many workers are wanted. */
  readonly desired: number;
  /** How many of them are ready. */
  readonly ready: number;
  /** By index: those that are wanted, and those on their way out. */
  readonly workers: readonly WorkerStatus[];
  /** Processes that are still there beside their replacement, which is in `workers`; by index. */
  readonly predecessors: readonly WorkerStatus[];
}

/** A view of the state for observers: plain data, made afresh at each call. */
export function statusOf(state: State, now: Seconds, policy: Policy): Status {
  // while a pass is open, its end is not known: the next comes reloadDelay after it
  const nextPass =
    state.pass.name === 'open' ? now + policy.reloadDelay : nextPassAt(state, policy);
  const statusOfSlot = (slot: Slot): WorkerStatus => workerStatus(slot, nextPass, now, policy);
  const present = state.slots.filter((slot) => isWanted(state, slot) || isAlive(slot));
  return {
    pid: state.pid,
    state: state.phase.name,
    desired: state.desired,
    ready: present.filter((slot) => isWanted(state, slot) && isReady(state, slot)).length,
    workers: present.map(statusOfSlot),
    // what its slot has come to is told of the slot once
    predecessors: state.predecessors.map((slot) => ({
      ...statusOfSlot(slot),
      starts: processOf(slot)?.start ?? slot.starts,
      restarts: {},
    })),
  };
}

function workerStatus(slot: Slot, nextPass: Seconds, now: Seconds, policy: Policy): WorkerStatus {
  const { state } = slot;
  return {
    index: slot.index,
    state: state.name,
    ready: state.name === 'running' && state.ready,
    notReadyBecause: whyNotReady(slot, policy),
    statusText: state.name === 'running' ? state.health.notified.status : null,
    pid: liveProcess(slot)?.pid ?? null,
    since: sinceOf(slot),
    starts: slot.starts,
    restarts: slot.restarts,
    lastExit: slot.lastExit,
    nextStartIn:
      state.name === 'backoff' ? Math.max(0, Math.max(state.dueAt, nextPass) - now) : null,
  };
}

function sinceOf(slot: Slot): Seconds | null {
  const { state, lastExit } = slot;
  const { since } = liveProcess(slot) ?? { since: null };
  if (since !== null) return since;
  if (state.name === 'starting' || state.name === 'backoff') return state.since;
  return lastExit?.at ?? null;
}
