import type { ExitReason, RestartCounts } from '../core/state.ts';
import type { Status, WorkerStateName, WorkerStatus } from '../core/status.ts';
import { plainText } from './plain-text.ts';
import { processUsage } from './process-usage.ts';
import { rfc3339 } from './wall-time.ts';

/** The answer of `/status`, in JSON. No value of an environment variable is in it. */
export interface StatusDocument {
  readonly pid: number;
  readonly state: Status['state'];
  /** How many workers are wanted. */
  readonly desired: number;
  readonly ready: number;
  /**
   * By index. While a replacement is started beside the process that it replaces (`rollout.maxSurge`), both are
   * there with one index, the replacement behind its predecessor.
   */
  readonly workers: readonly WorkerDocument[];
}

/** One worker's part of it. */
export interface WorkerDocument {
  readonly index: number;
  readonly state: WorkerStateName;
  readonly ready: boolean;
  /** Of a running worker that is not ready, why; else null. */
  readonly notReadyBecause: string | null;
  /** What it has told of itself (`STATUS=` of sd_notify(3)), as one line of 200 characters at most; or null. */
  readonly statusText: string | null;
  /** Null without a process. */
  readonly pid: number | null;
  /** RFC 3339: when its process was started; without one, since when; null before the first attempt. */
  readonly since: string | null;
  readonly starts: number;
  /** By the reason of the end before; a reason that is not there has had none. */
  readonly restarts: RestartCounts;
  readonly lastExit: {
    /** Container-style: 0 to 255, 128 + N after signal N. */
    readonly code: number;
    readonly signal: string | null;
    readonly reason: ExitReason;
    /** RFC 3339. */
    readonly at: string;
  } | null;
  /** Null where no start is due. */
  readonly nextStartInSeconds: number | null;
  /** Of its process; null without one, or where /proc does not tell. */
  readonly residentMemoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

/** How everything stands, and what each worker's process uses at this moment. */
export function statusDocument(status: Status): StatusDocument {
  const { pid, state, desired, ready, workers, predecessors } = status;
  // a predecessor comes before its replacement
  const all = [...predecessors, ...workers].sort((a, b) => a.index - b.index);
  return { pid, state, desired, ready, workers: all.map(workerDocument) };
}

function workerDocument(worker: WorkerStatus): WorkerDocument {
  const { index, state, ready, notReadyBecause, statusText, pid, since } = worker;
  const { starts, restarts, lastExit, nextStartIn } = worker;
  const usage = pid === null ? null : processUsage(pid);
  return {
    index,
    state,
    ready,
    notReadyBecause,
    statusText: statusText === null ? null : plainText(statusText),
    pid,
    since: since === null ? null : rfc3339(since),
    starts,
    restarts,
    lastExit: lastExit === null ? null : { ...lastExit, at: rfc3339(lastExit.at) },
    nextStartInSeconds: nextStartIn === null ? null : Math.round(nextStartIn * 1000) / 1000,
    residentMemoryBytes: usage?.residentMemoryBytes ?? null,
    cpuSeconds: usage?.cpuSeconds ?? null,
  };
}
