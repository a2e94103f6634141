import type { Signal } from '../config/generated.ts';
import type { OperationResult } from './operation.ts';
import type { Template } from './state.ts';

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
  /** Read the configuration once more; answer with one `loaded`. */
  | { readonly type: 'load' }
  /** Tell who asked for the operation what has become of it. */
  | { readonly type: 'answer'; readonly id: number; readonly result: OperationResult };
