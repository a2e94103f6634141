import type { Config, Signal } from '../config/generated.ts';
import type { Health, ProbeUnderWay } from './health.ts';
import type { Answer, PendingOperation } from './operation.ts';
import type { KillMode } from './policy.ts';

/**
 * What the core knows. Every type here is data: a snapshot can be printed, compared and replayed.
 *
 * All times are monotonic seconds from one clock of the shell's choosing; wall time never decides
 * anything.
 */

/** Seconds. A point in time counts from the start of the process, on a clock that no step of the wall clock moves. */
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
  /** It ended after the supervisor had asked it to, because a probe or its watchdog had failed. */
  | 'unhealthy'
  /** It ended after the supervisor had asked it to, because it was too old or too large. */
  | 'recycled'
  /** It ended after the supervisor had asked it to make room for its replacement. */
  | 'rollout'
  /** It ended after the supervisor had sent it SIGKILL. */
  | 'killed';

/** Why a process was replaced. */
export type RestartReason = Exclude<ExitReason, 'stopped' | 'killed'>;

/** Every reason of a replacement. */
export const RESTART_REASONS: readonly RestartReason[] = [
  'exit',
  'signal',
  'oom',
  'unhealthy',
  'recycled',
  'rollout',
];

/** Every reason of an end. */
export const EXIT_REASONS: readonly ExitReason[] = [...RESTART_REASONS, 'stopped', 'killed'];

/** How many restarts there have been for each reason; a reason that is not there has had none. */
export type RestartCounts = Readonly<Partial<Record<RestartReason, number>>>;

/** What a worker's process is made from. A change of it takes another process. */
export type Template = Pick<Config, 'command' | 'args' | 'env' | 'portBase' | 'workingDir'>;

/** How a worker ended. */
export interface Exit {
  /** Container-style: 0 to 255, 128 + N after signal N. */
  readonly code: number;
  /** The signal's name, or null where it exited by itself. */
  readonly signal: string | null;
  readonly reason: ExitReason;
  /** When the supervisor saw it. */
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
  /** What its `killMode` says of its group has yet to be done. */
  | { readonly phase: 'orphaned'; readonly killMode: KillMode }
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
  /**
   * No process. `new`: it gets one with the next pass; `completed`: its policy gives it no other; `scaled`: it
   * is not wanted any more; else for a stop.
   */
  | { readonly name: 'stopped'; readonly because: 'new' | 'completed' | 'scaled' | 'stop' }
  /** The shell was told to spawn it and has not said yet how that went. */
  | { readonly name: 'starting'; readonly since: Seconds }
  | ({ readonly name: 'running'; readonly ready: boolean; readonly health: Health } & Process)
  /** It is dead and waits for the first pass from `dueAt` on, which replaces it. */
  | { readonly name: 'backoff'; readonly since: Seconds; readonly dueAt: Seconds }
  | ({
      readonly name: 'stopping';
      /** What for it was asked to; of one that has ended by itself, and has left somebody, `stop`. */
      readonly purpose: Purpose;
      readonly ending: Ending;
      /** What comes after it; null while the worker is alive and that is not decided. */
      readonly next: Vacancy | null;
    } & Process);

/** The state of a worker that runs. */
export type Running = Extract<WorkerState, { readonly name: 'running' }>;

/**
 * What a worker is asked to stop for: the supervisor's own stop, fewer workers, a replacement, one because it is
 * too old or too large, or one because it has failed a probe.
 */
export type Purpose = 'stop' | 'scale' | 'rollout' | 'recycle' | 'unhealthy';

/** A process of a worker. */
export interface Process {
  /** Of the worker, and of its process group. */
  readonly pid: number;
  readonly since: Seconds;
  /** Which start of its slot it is, from 1. */
  readonly start: number;
}

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
  /** Why its process replaces another, or will; null for a first one. */
  readonly restartReason: RestartReason | null;
  /** What its process is made from, or will be. */
  readonly template: Template;
  /** Of a replacement in a rollout that has not been ready yet: what the slot goes back to without it. */
  readonly fallback: Template | null;
  /** Whether a process of it has been ready since it was wanted. */
  readonly wasReady: boolean;
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
  /** `signals` maps it to `stop`. */
  | { readonly type: 'signal'; readonly signal: string }
  /** `shouldExit.set()` of the library, or `stop` of an operator. */
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

/** A rolling restart under way. */
export interface Rollout {
  /** What the processes are made from; null: each from what its slot has. */
  readonly template: Template | null;
  /** What further slots were made from before it, and are again if it is aborted. */
  readonly before: Template;
  /** The slots that have yet to be taken, in index order. */
  readonly queue: readonly number[];
  /** The slots whose replacement has yet to be ready, or whose predecessor has yet to go. */
  readonly underWay: readonly number[];
  /** How many slots it began with. */
  readonly workers: number;
  /** The one slot of them that is in it because its worker is too old or too large; null if none is. */
  readonly recycling: number | null;
}

/** How far the looks at the workers' memory have come. */
export type Sampling =
  | { readonly name: 'waiting'; readonly dueAt: Seconds }
  /** The shell looks. */
  | { readonly name: 'under way' };

/** How far a reload has come. */
export type Load =
  | { readonly name: 'idle' }
  /** The shell has yet to be told to read the file. */
  | { readonly name: 'wanted'; readonly operations: readonly number[] }
  /** It reads; if it was asked for again meanwhile, it has to once more. */
  | {
      readonly name: 'reading';
      readonly operations: readonly number[];
      readonly again: readonly number[] | null;
    };

export interface State {
  /** The supervisor's own process id, once it has started. */
  readonly pid: number;
  readonly phase: Phase;
  /** How many workers are wanted. */
  readonly desired: number;
  /** What the configuration has last said of that, and what it came to. */
  readonly configured: { readonly workers: Config['workers']; readonly count: number };
  /** What the processes of further slots are made from. */
  readonly template: Template;
  /** By index. Those past `desired` are on their way out, or empty and kept for the day that they are wanted again. */
  readonly slots: readonly Slot[];
  /** Processes whose replacement, in their slot, has been started before they are gone (`rollout.maxSurge`). */
  readonly predecessors: readonly Slot[];
  readonly rollout: Rollout | null;
  /** Probes that have been begun and have not come to anything. */
  readonly probes: readonly ProbeUnderWay[];
  readonly sampling: Sampling;
  readonly load: Load;
  readonly operations: readonly PendingOperation[];
  readonly answers: readonly Answer[];
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
  configured: { workers: 0, count: 0 },
  template: { command: [], args: [], env: {} },
  slots: [],
  predecessors: [],
  rollout: null,
  probes: [],
  sampling: { name: 'waiting', dueAt: -Infinity },
  load: { name: 'idle' },
  operations: [],
  answers: [],
  pass: { name: 'closed', endedAt: -Infinity },
  restarts: [],
  firstFailure: null,
  oomKillsAccounted: 0,
  forwards: [],
};
