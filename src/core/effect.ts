import type { Probe, Signal } from '../config/generated.ts';
import type { ProbeName } from './health.ts';
import type { OperationResult } from './operation.ts';
import type { Template } from './state.ts';

/** A worker's process group whose memory is of interest. */
export interface GroupToSample {
  readonly worker: number;
  readonly start: number;
  readonly pid: number;
  /** Bytes up to which a rough figure will do. */
  readonly limit: number;
}

/** What the core asks the shell to do. Data, without a closure in it. */
export type Effect =
  /** Start a process in this slot; answer with one `spawned` or `spawn-failed`. */
  | {
      readonly type: 'spawn';
      readonly worker: number;
      /** The slot's start count that the process will have, from 1. */
      readonly start: number;
      /** How many workers are wanted now. */
      readonly count: number;
      readonly template: Template;
    }
  /** Send a signal. A process that is already gone is no error. */
  | {
      readonly type: 'kill';
      readonly worker: number;
      readonly pid: number;
      readonly signal: Signal;
      /** `process`: the worker alone; `group`: every process of its process group. */
      readonly target: 'process' | 'group';
    }
  /** Find out whether anybody of the process group is left; answer with `group-checked`. */
  | {
      readonly type: 'check-group';
      readonly worker: number;
      readonly start: number;
      readonly pid: number;
    }
  /** Run a probe; answer with one `probed`, or none where the process is gone. Never before this step is over. */
  | {
      readonly type: 'probe';
      readonly worker: number;
      readonly start: number;
      readonly probe: ProbeName;
      /** Which attempt of that process's it is, from 1. */
      readonly attempt: number;
      readonly check: Probe;
    }
  /** End a probe that is under way; nothing is to be answered. */
  | {
      readonly type: 'cancel-probe';
      readonly worker: number;
      readonly start: number;
      readonly probe: ProbeName;
    }
  /** Look at how much memory process groups have; answer with one `memory-sampled`. */
  | { readonly type: 'sample-memory'; readonly groups: readonly GroupToSample[] }
  /** Read the configuration once more; answer with one `loaded`. */
  | { readonly type: 'load' }
  /** Tell who asked for the operation what has become of it. */
  | { readonly type: 'answer'; readonly id: number; readonly result: OperationResult };
