import type { Config } from '../config/generated.ts';
import type { ProbeName, ProbeResult } from './health.ts';
import type { Notification } from './notification.ts';
import type { Operation } from './operation.ts';
import type { StopCause } from './state.ts';

/** A spawn that failed, in terms that the core can decide on. */
export interface SpawnFailure {
  /**
   * The system's name for it, such as `EAGAIN`; `ENOENT` is a missing command, and
   * `ENOENT:interpreter` and `ENOENT:workingDir` what else may be missing.
   */
  readonly code: string;
  /** A sentence for people that names the file and what to do. */
  readonly message: string;
  /**
   * The exit status with which a shell would report it (126: found but not executable, 127: not
   * found), or null for a passing lack of resources, where another attempt may succeed.
   */
  readonly exitStatus: number | null;
}

/** What reading the configuration once more has come to. */
export type Loaded =
  /** A valid one; the policy of the step is of it already. */
  | {
      readonly type: 'configuration';
      /** As messages name it. */
      readonly source: string;
      readonly workers: Config['workers'];
      /** What that comes to. */
      readonly count: number;
      /** What it was derived from, or null where the configuration states it. */
      readonly countFrom: string | null;
      /** JSON pointers of what is different from before and applies. */
      readonly changed: readonly string[];
      /** JSON pointers of what is different and is kept as it was until the supervisor is restarted. */
      readonly kept: readonly string[];
      /** Sentences: changes of the file that a flag or a variable masks. */
      readonly masked: readonly string[];
    }
  /** It is not valid, or cannot be read: every problem, one sentence each. */
  | { readonly type: 'invalid'; readonly source: string; readonly problems: readonly string[] }
  /** There is no file. */
  | { readonly type: 'none' };

/** How much anonymous and shared memory the process group of a worker had. */
export interface MemorySample {
  readonly worker: number;
  readonly start: number;
  readonly bytes: number;
}

/**
 * What the shell tells the core. Inputs about a worker carry its slot and its start count, so that
 * one that speaks of an earlier process is recognised, not guessed.
 */
export type Input =
  /** Once, before anything else. */
  | {
      readonly type: 'start';
      readonly workers: number;
      /** What the number was derived from, or null where the configuration states it. */
      readonly workersFrom: string | null;
      /** The supervisor's own process id. */
      readonly pid: number;
      /** How many OOM kills its cgroup has counted before; null where that cannot tell. */
      readonly oomKills: number | null;
    }
  | {
      readonly type: 'spawned';
      readonly worker: number;
      readonly start: number;
      readonly pid: number;
      /** For the jitter: 0 to 1, exclusive. */
      readonly random: number;
    }
  | {
      readonly type: 'spawn-failed';
      readonly worker: number;
      readonly start: number;
      readonly failure: SpawnFailure;
      /** For the jitter: 0 to 1, exclusive. */
      readonly random: number;
    }
  | {
      readonly type: 'exited';
      readonly worker: number;
      readonly start: number;
      /** 0 to 255, or −N after signal N. */
      readonly exitCode: number;
      readonly signal: string | null;
      /** Whether somebody of its process group was still there. */
      readonly groupAlive: boolean;
      /** How many OOM kills its cgroup has counted by now; null where that cannot tell. */
      readonly oomKills: number | null;
      /** For the jitter: 0 to 1, exclusive. */
      readonly random: number;
    }
  /** The answer to `check-group`. */
  | {
      readonly type: 'group-checked';
      readonly worker: number;
      readonly start: number;
      readonly alive: boolean;
    }
  /** The answer to `probe`. */
  | {
      readonly type: 'probed';
      readonly worker: number;
      readonly start: number;
      readonly probe: ProbeName;
      readonly attempt: number;
      readonly result: ProbeResult;
      /** A few words: of a failure, why. */
      readonly message: string;
    }
  /** A worker has told something of itself. */
  | ({
      readonly type: 'notified';
      readonly worker: number;
      readonly start: number;
    } & Notification)
  /** The answer to `sample-memory`. */
  | {
      readonly type: 'memory-sampled';
      /** Without those that were gone. */
      readonly samples: readonly MemorySample[];
      /** Seconds that the look took. */
      readonly seconds: number;
    }
  /** Adopted processes that were reaped. */
  | { readonly type: 'orphans-reaped'; readonly count: number }
  /** Something that cannot be done fully here, in one sentence with the remedy. */
  | { readonly type: 'notice'; readonly message: string }
  /** The system refused to send a signal, for another reason than that the process is gone. */
  | {
      readonly type: 'kill-failed';
      readonly worker: number;
      readonly pid: number;
      readonly signal: string;
      readonly message: string;
    }
  /** A signal that the supervisor received. */
  | {
      readonly type: 'signal';
      readonly signal: string;
      /** Whether a terminal that it has as a standard stream has hung up. */
      readonly hungUp: boolean;
    }
  /** What an operator asks for. */
  | {
      readonly type: 'operation';
      /** By which the answer is recognised. */
      readonly id: number;
      readonly operation: Operation;
      /** Whether the answer is to wait for the outcome. */
      readonly wait: boolean;
    }
  /** The configuration file has changed. */
  | { readonly type: 'file-changed' }
  | { readonly type: 'loaded'; readonly result: Loaded }
  | { readonly type: 'stop'; readonly cause: StopCause }
  /** As a tick, but it starts nothing. */
  | { readonly type: 'sweep' }
  /** Time for a pass: compare what is wanted with what is, and act. */
  | { readonly type: 'tick' };

export type InputType = Input['type'];
