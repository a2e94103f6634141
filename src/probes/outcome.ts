import type { ProbeResult } from '../core/health.ts';

/** What a probe has come to. */
export interface ProbeOutcome {
  /** `unknown`: it could not be run, by no fault of the worker. */
  readonly result: ProbeResult;
  /** Why, in one line for people; empty where it is successful. */
  readonly message: string;
}

/** Is told the outcome: once, and never before the call that has begun the probe has returned. */
export type Done = (outcome: ProbeOutcome) => void;

/** Ends what is under way, whose outcome is not told any more. Harmless afterwards. */
export type End = () => void;

export const SUCCESSFUL: ProbeOutcome = { result: 'successful', message: '' };

export function failed(message: string): ProbeOutcome {
  return { result: 'failed', message };
}

export function unknown(message: string): ProbeOutcome {
  return { result: 'unknown', message };
}

/** Tells in a turn of its own what is clear at once. */
export function later(outcome: ProbeOutcome, done: Done): End {
  const immediate = setImmediate(done, outcome);
  return () => {
    clearImmediate(immediate);
  };
}

/**
 * Lets the first result through and no other, nor any after the end.
 *
 * @param release - gives back what the work has taken; called once, before the result is told
 */
export function once<T>(
  done: (result: T) => void,
  release: () => void,
): { readonly settle: (result: T) => void; readonly end: End } {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    release();
  };
  const settle = (result: T): void => {
    if (isOver) return;
    end();
    done(result);
  };
  return { settle, end };
}
