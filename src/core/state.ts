import type { Signal } from '../config/generated.ts';

/**
 * What the core knows. Every type here is data: a snapshot can be printed, compared and replayed.
 *
 * All times are monotonic seconds from one clock of the shell's choosing; wall time never decides
 * anything.
 */

/** Monotonic seconds. */
export type Seconds = number;

/** Why a worker ended, as the metrics and the log name it. */
export type ExitReason =
  /** It exited by itself, with any code. */
  | 'exit'
  /** A signal that the supervisor did not send ended it. */
  | 'signal'
  /** It ended after the supervisor had asked it to stop. */
  | 'stopped'
  /** The kernel killed it for want of memory, by the cgroup's own count. */
  | 'oom'
  /** It ended after the supervisor had sent it SIGKILL. */
  | 'killed';

/** Every reason of an end. */
export const EXIT_REASONS: readonly ExitReason[] = ['exit', 'signal', 'oom', 'stopped', 'killed'];

/** The reasons of an end that lead to a restart. */
export const RESTART_REASONS: readonly ExitReason[] = ['exit', 'signal', 'oom'];

/** How many restarts there have been for each reason; a reason that is not there has had none. */
export type RestartCounts = Readonly<Partial<Record<ExitReason, number>>>;

/** How a worker ended. */
export interface Exit {
  /** Container-style: 0 to 255, 128 + N after signal N. */
  readonly code: number;
  /** The signal's name, or null where it exited by itself. */
  readonly signal: string | null;
  readonly reason: ExitReason;
  readonly at: Seconds;
}

/** What made the supervisor send SIGKILL. */
export type KillCause =
  /** The worker's own grace period was over. */
  | 'grace period'
  /** The time for the whole stop was over. */
  | 'stop timeout'
  /** The operator asked for it, with a second SIGINT. */
  | 'second SIGINT';

/**
 * How far the end of a worker has come. The first two are of a worker that is alive; in the others it is
 * gone, and somebody of its process group is not.
 */
export type Ending =
  | { readonly phase: 'asked'; readonly killAt: Seconds; readonly killCause: KillCause }
  | { readonly phase: 'killed'; readonly abandonAt: Seconds }
  /** What `killMode` says of its group has yet to be done. */
  | { readonly phase: 'orphaned' }
  | {
      readonly phase: 'group-asked';
      readonly killAt: Seconds;
      readonly killCause: KillCause;
      readonly checkAt: Seconds;
      readonly checkInterval: Seconds;
    }
  | {
      readonly phase: 'group-killed';
      readonly abandonAt: Seconds;
      readonly checkAt: Seconds;
      readonly checkInterval: Seconds;
    };

/** A worker's state: exactly one of these, never a set of flags. */
export type WorkerState =
  /** No process. `new`: not started yet; `completed`: its policy gives it no other; else for a stop. */
  | { readonly name: 'stopped'; readonly because: 'new' | 'completed' | 'stop' }
  /** The shell was told to spawn it and has not said yet how that went. */
  | { readonly name: 'starting'; readonly since: Seconds }
  | { readonly name: 'running'; readonly pid: number; readonly since: Seconds }
  /** It is dead and waits for the first pass from `dueAt` on, which replaces it. */
  | { readonly name: 'backoff'; readonly since: Seconds; readonly dueAt: Seconds }
  | {
      readonly name: 'stopping';
      /** Of the worker, and of its process group. */
      readonly pid: number;
      readonly since: Seconds;
      readonly ending: Ending;
      /** What comes after it; null while the worker is alive and that is not decided. */
      readonly next: Vacancy | null;
    };

/** A slot: a place for one worker, which keeps its index across restarts. */
export interface Slot {
  /** 0 to N − 1. */
  readonly index: number;
  /** How many times a process has been started here. */
  readonly starts: number;
  /** How many of those replaced a process, by the reason of its end. */
  readonly restarts: RestartCounts;
  readonly lastExit: Exit | null;
  /** How many restarts in a row its process is the result of; see `restart.backoff`. */
  readonly attempt: number;
  readonly state: WorkerState;
}

/** What the slot of a worker that has ended becomes once nobody of its group is left. */
export type Vacancy = Extract<WorkerState, { readonly name: 'backoff' | 'stopped' }>;

/**
 * A pass of the restart loop: it replaces the workers that were dead when it began, one after the
 * other in index order.
 */
export type Pass =
  | { readonly name: 'closed'; readonly endedAt: Seconds }
  | { readonly name: 'open'; readonly queue: readonly number[] };

/** Why the supervisor stops; the first cause wins and fixes the exit status. */
export type StopCause =
  | { readonly type: 'signal'; readonly signal: string }
  /** `shouldExit.set()` of the library. */
  | { readonly type: 'request' }
  /** Every worker has completed under its policy. */
  | { readonly type: 'completed'; readonly exitStatus: number }
  /** It gives up: restarting cannot help. */
  | { readonly type: 'failure'; readonly message: string; readonly exitStatus: number };

/** An ordered stop that has begun. */
export interface Stopping {
  readonly name: 'stopping';
  readonly cause: StopCause;
  readonly since: Seconds;
  /** When whoever is left gets SIGKILL. */
  readonly deadline: Seconds;
  /** How many SIGINTs have been received: the second kills at once. */
  readonly interrupts: number;
  /** 0, or what the cause or an abandoned worker has made of it. */
  readonly exitStatus: number;
}

export type Phase =
  | { readonly name: 'new' }
  /** Until every wanted worker has been started once. */
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  | Stopping
  | { readonly name: 'stopped'; readonly exitStatus: number };

export interface State {
  /** The supervisor's own process id, once it has started. */
  readonly pid: number;
  readonly phase: Phase;
  /** How many workers are wanted. */
  readonly desired: number;
  readonly slots: readonly Slot[];
  readonly pass: Pass;
  /** When restarts were granted, as far as they count against `restart.limit`. */
  readonly restarts: readonly Seconds[];
  /** The exit code of the first worker that completed with a failure, or null. */
  readonly firstFailure: number | null;
  /** How many of the OOM kills that the cgroup counts are explained, those before the start included. */
  readonly oomKillsAccounted: number;
  /** Signals that have yet to be sent on to every worker. */
  readonly forwards: readonly Signal[];
}

/** The state before anything has happened. */
export const initialState: State = {
  pid: 0,
  phase: { name: 'new' },
  desired: 0,
  slots: [],
  pass: { name: 'closed', endedAt: -Infinity },
  restarts: [],
  firstFailure: null,
  oomKillsAccounted: 0,
  forwards: [],
};

/** The same state with one slot replaced. */
export function withSlot(state: State, slot: Slot): State {
  const slots = state.slots.slice();
  slots[slot.index] = slot;
  return { ...state, slots };
}

/** Whether the slot has, or may have in a moment, a process or what is left of its group. */
export function isAlive(slot: Slot): boolean {
  const { name } = slot.state;
  return name === 'starting' || name === 'running' || name === 'stopping';
}

/** The process of a slot, while it is alive. */
export function liveProcess({
  state,
}: Slot): { readonly pid: number; readonly since: Seconds } | null {
  const isAlive =
    state.name === 'running' ||
    (state.name === 'stopping' &&
      (state.ending.phase === 'asked' || state.ending.phase === 'killed'));
  return isAlive ? { pid: state.pid, since: state.since } : null;
}
