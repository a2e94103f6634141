import type { Action } from '../config/generated.ts';
import type { ProbeName, ProbeResult } from './health.ts';
import type { InputType, SpawnFailure } from './input.ts';
import type { Operation } from './operation.ts';
import type { Exit, KillCause, RestartReason, Seconds, StopCause } from './state.ts';

/** A restart that is going to be, or has been, with the numbers of the policy. */
export interface Restart {
  /** Seconds from the end of the process before. */
  readonly delay: Seconds;
  /** How many restarts in a row it is, from 1. */
  readonly attempt: number;
  /** How much of `restart.limit` is used with it; null without a limit. */
  readonly limit: {
    readonly used: number;
    readonly restarts: number;
    readonly withinSeconds: Seconds;
  } | null;
}

/** What has made a worker count as unhealthy. */
export type UnhealthyCause = 'startup probe' | 'liveness probe' | 'watchdog';

/** Why a worker is replaced before it does harm, with the limit of its own that it has passed. */
export type RecycleCause =
  | { readonly type: 'lifetime'; readonly lifetime: Seconds; readonly limit: Seconds }
  | { readonly type: 'memory'; readonly bytes: number; readonly limit: number };

/**
 * What has happened, for those who watch: the log, the metrics, a library's user. Whoever observes
 * cannot steer; taking every observer away changes no decision.
 */
export type Event =
  | {
      readonly type: 'supervisor-started';
      readonly at: Seconds;
      readonly pid: number;
      readonly workers: number;
      /** What the number was derived from, or null where the configuration states it. */
      readonly workersFrom: string | null;
    }
  | {
      readonly type: 'worker-started';
      readonly worker: number;
      readonly pid: number;
      /** The slot's start count, from 1. */
      readonly start: number;
      /** Why it replaces another, or null for a slot's first. */
      readonly restartReason: RestartReason | null;
      /** Of a restart: its numbers, with the delay that it came to. Null for a first start. */
      readonly restart: Restart | null;
    }
  | {
      readonly type: 'worker-exited';
      readonly worker: number;
      readonly pid: number;
      readonly start: number;
      /** As the seed writes it: 0 to 255, or −N after signal N. */
      readonly exitCode: number;
      readonly exit: Exit;
      /** By the count of its cgroup; null where that cannot tell. */
      readonly oomKilled: boolean | null;
      readonly lifetime: Seconds;
      /** Whether it counts as a failure: neither a success code nor asked for. */
      readonly failure: boolean;
      /** Null where nothing replaces it. */
      readonly restart: Restart | null;
    }
  | {
      readonly type: 'spawn-failed';
      readonly worker: number;
      readonly failure: SpawnFailure;
      /** The next attempt, or null where there is none. */
      readonly restart: Restart | null;
    }
  /** It has become ready, some time after its start. */
  | { readonly type: 'worker-ready'; readonly worker: number; readonly pid: number }
  /** It is not ready any more. */
  | {
      readonly type: 'worker-unready';
      readonly worker: number;
      readonly pid: number;
      readonly message: string;
    }
  /** A probe has come to something. */
  | {
      readonly type: 'worker-probed';
      readonly worker: number;
      readonly pid: number;
      readonly probe: ProbeName;
      readonly result: ProbeResult;
      /** Whether the attempt before has come to something else, or is the first. */
      readonly isNew: boolean;
      /** A few words: of a failure, why. */
      readonly message: string;
      /** How many of this result there have been in a row; of unknown ones, what was before. */
      readonly count: number;
      /** How many of it are needed for a consequence. */
      readonly threshold: number;
    }
  /** It is going to be stopped because it does not do what it should. */
  | {
      readonly type: 'worker-unhealthy';
      readonly worker: number;
      readonly pid: number;
      readonly cause: UnhealthyCause;
      readonly message: string;
    }
  /** It is going to be replaced, as soon as `rollout` allows it. */
  | {
      readonly type: 'worker-recycling';
      readonly worker: number;
      readonly pid: number;
      readonly cause: RecycleCause;
    }
  /** Its stop signal was sent. */
  | {
      readonly type: 'worker-stopping';
      readonly worker: number;
      readonly pid: number;
      readonly signal: string;
      readonly gracePeriod: Seconds;
    }
  /** It had to be killed: SIGKILL was sent to its process group. */
  | {
      readonly type: 'worker-killed';
      readonly worker: number;
      readonly pid: number;
      readonly cause: KillCause;
    }
  /** It is gone and somebody of its process group was not: who is left was sent this signal. */
  | {
      readonly type: 'group-signalled';
      readonly worker: number;
      readonly pid: number;
      readonly signal: string;
    }
  | { readonly type: 'orphans-reaped'; readonly count: number }
  | { readonly type: 'notice'; readonly message: string }
  /** SIGKILL has not ended it, or somebody of its group; the supervisor goes on without it. */
  | { readonly type: 'worker-abandoned'; readonly worker: number; readonly pid: number }
  | {
      readonly type: 'kill-failed';
      readonly worker: number;
      readonly pid: number;
      readonly signal: string;
      readonly message: string;
    }
  | {
      readonly type: 'signal-received';
      readonly signal: string;
      /** What it led to. */
      readonly action: Exclude<Action, object> | 'kill' | 'none';
    }
  /** An operator asks for something. */
  | { readonly type: 'operation-received'; readonly operation: Operation }
  /** What was asked for cannot be done, and nothing has changed. */
  | { readonly type: 'operation-refused'; readonly message: string }
  /** Another number of workers is wanted. */
  | { readonly type: 'scaled'; readonly from: number; readonly to: number }
  /** A new configuration applies. */
  | {
      readonly type: 'config-reloaded';
      readonly at: Seconds;
      readonly source: string;
      /** JSON pointers of what has changed. */
      readonly changed: readonly string[];
      /** JSON pointers of what stays as it was until the supervisor is restarted. */
      readonly kept: readonly string[];
      readonly workers: number;
      /** What the number was derived from, or null where the configuration states it. */
      readonly workersFrom: string | null;
    }
  /** The file is not valid: nothing has changed. */
  | {
      readonly type: 'config-reload-failed';
      readonly source: string;
      readonly problems: readonly string[];
    }
  | { readonly type: 'rollout-started'; readonly workers: number }
  | { readonly type: 'rollout-finished'; readonly workers: number }
  /** A newer configuration takes its place. */
  | { readonly type: 'rollout-superseded' }
  /** The rest is not replaced. */
  | {
      readonly type: 'rollout-aborted';
      /** Whose replacement did not become ready. */
      readonly worker: number;
      readonly message: string;
      /** How many workers were still to be replaced. */
      readonly remaining: number;
    }
  | { readonly type: 'supervisor-stopping'; readonly cause: StopCause; readonly timeout: Seconds }
  | { readonly type: 'supervisor-stopped'; readonly pid: number; readonly exitStatus: number }
  /** An input that the state does not allow: it changed nothing. */
  | {
      readonly type: 'input-ignored';
      readonly input: InputType;
      readonly worker: number | null;
      readonly state: string;
    };

export type EventType = Event['type'];
