import type { Action } from '../config/generated.ts';
import type { ProbeName, ProbeResult } from './health.ts';
import type { SpawnFailure } from './input.ts';
import type { Operation } from './operation.ts';
import type { Exit, KillCause, RestartReason, Seconds, StopCause } from './state.ts';

/** A restart that is going to be, or has been, with the numbers of `restart.backoff` and `restart.limit`. */
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

/** What has made a worker count as unhealthy: a probe, as for the kubelet, or `notify.watchdogSeconds`, as systemd's. */
export type UnhealthyCause = 'startup probe' | 'liveness probe' | 'watchdog';

/**
 * Why a worker is replaced before it does harm (`recycle`), with the limit of its own that it has passed: seconds, or
 * bytes of anonymous and shared memory of its process group.
 */
export type RecycleCause =
  | { readonly type: 'lifetime'; readonly lifetime: Seconds; readonly limit: Seconds }
  | { readonly type: 'memory'; readonly bytes: number; readonly limit: number };

/**
 * What has happened, for those who watch: the log, the metrics, a library's user. Whoever observes
 * cannot steer; taking every observer away changes no decision. `worker` is the index of a slot, 0 to N − 1.
 */
export type Event =
  /** The first of all. */
  | {
      readonly type: 'supervisor-started';
      readonly at: Seconds;
      readonly pid: number;
      readonly workers: number;
      /** What the number was derived from, or null where the configuration states it. */
      readonly workersFrom: string | null;
    }
  /** A process was started. */
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
  /** A process has ended. Each end is told once, those during a stop included. */
  | {
      readonly type: 'worker-exited';
      readonly worker: number;
      readonly pid: number;
      readonly start: number;
      /** 0 to 255, or −N after signal N, as Python's `Process.exitcode`; `exit.code` is container-style. */
      readonly exitCode: number;
      readonly exit: Exit;
      /** By the count of its cgroup; null where that cannot tell. */
      readonly oomKilled: boolean | null;
      /** Seconds that it lived. */
      readonly lifetime: Seconds;
      /** Whether it counts as a failure: neither a success code nor asked for. */
      readonly failure: boolean;
      /** Null where nothing replaces it. */
      readonly restart: Restart | null;
    }
  /** A process could not be started. It is no end: nothing has run. */
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
      /** Why, in a few words. */
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
      /** What it has failed at, in a few words. */
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
      /** `stop.gracePeriodSeconds`. */
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
  /** Adopted processes that had ended were reaped. */
  | { readonly type: 'orphans-reaped'; readonly count: number }
  /** Something that cannot be done fully here, in one sentence with the remedy. */
  | { readonly type: 'notice'; readonly message: string }
  /** SIGKILL has not ended it, or somebody of its group; the supervisor goes on without it. */
  | { readonly type: 'worker-abandoned'; readonly worker: number; readonly pid: number }
  /** The system has refused to send a signal, for another reason than that the process is gone. */
  | {
      readonly type: 'kill-failed';
      readonly worker: number;
      readonly pid: number;
      readonly signal: string;
      readonly message: string;
    }
  /** The supervisor has received a signal that `signals` names. */
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
  /** A rolling restart of so many workers has begun. */
  | { readonly type: 'rollout-started'; readonly workers: number }
  /** All of them are replaced, and the replacements ready. */
  | { readonly type: 'rollout-finished'; readonly workers: number }
  /** A newer configuration takes its place. */
  | { readonly type: 'rollout-superseded' }
  /** A rolling restart is given up: the rest is not replaced. */
  | {
      readonly type: 'rollout-aborted';
      /** Whose replacement did not become ready. */
      readonly worker: number;
      /** Why it did not, in a few words. */
      readonly message: string;
      /** How many workers were still to be replaced. */
      readonly remaining: number;
    }
  /** The ordered stop has begun: nothing is started any more. `timeout` is `stop.timeoutSeconds`. */
  | { readonly type: 'supervisor-stopping'; readonly cause: StopCause; readonly timeout: Seconds }
  /** The last: every worker is gone, or was left behind. */
  | { readonly type: 'supervisor-stopped'; readonly pid: number; readonly exitStatus: number }
  /** An input that the state does not allow: it changed nothing. */
  | {
      readonly type: 'input-ignored';
      /** What kind of input. */
      readonly input: string;
      readonly worker: number | null;
      readonly state: string;
    };

/** The name of an event. */
export type EventType = Event['type'];
