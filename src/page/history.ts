import type { StatusDocument, WorkerDocument } from '../observe/status.ts';

/** Milliseconds of the past that are kept. */
export const WINDOW = 60_000;

/** Milliseconds between two samples beyond which nothing is known of what was in between. */
export const LONGEST_STEP = 3500;

/** Milliseconds that the share of a CPU is averaged over: the kernel counts in steps of 10 ms. */
const CPU_SPAN = 3000;

/** What a worker's process used at one moment. */
export interface Sample {
  /** Milliseconds of the page's monotonic clock. */
  readonly at: number;
  /** Null without a process. */
  readonly pid: number | null;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
  /** Of one CPU; null until there are two samples of the same process. */
  readonly cpuShare: number | null;
}

/** The samples of the last minute, oldest first, by the worker's index. */
export type History = ReadonlyMap<number, readonly Sample[]>;

/** The history with what a document that came `at` says; workers that are not in it are dropped. */
export function recorded(history: History, document: StatusDocument, at: number): History {
  return new Map(
    document.workers.map((worker) => {
      const kept = (history.get(worker.index) ?? []).filter((each) => each.at >= at - WINDOW);
      return [worker.index, [...kept, sampleOf(worker, kept, at)]];
    }),
  );
}

/** Whether two samples, one after the other, are of one process that has been watched in between. */
export function isContinuous(earlier: Sample | undefined, later: Sample): boolean {
  return (
    earlier !== undefined &&
    earlier.pid !== null &&
    earlier.pid === later.pid &&
    later.at - earlier.at <= LONGEST_STEP
  );
}

function sampleOf(worker: WorkerDocument, before: readonly Sample[], at: number): Sample {
  const { pid, residentMemoryBytes: memoryBytes, cpuSeconds } = worker;
  const sample = { at, pid, memoryBytes, cpuSeconds, cpuShare: null };
  return { ...sample, cpuShare: cpuShare(sample, before) };
}

function cpuShare(sample: Sample, before: readonly Sample[]): number | null {
  let start = sample;
  for (const each of before.toReversed()) {
    if (!isContinuous(each, start) || sample.at - each.at > CPU_SPAN + LONGEST_STEP) break;
    start = each;
    if (sample.at - start.at >= CPU_SPAN) break;
  }
  const seconds = (sample.at - start.at) / 1000;
  if (sample.cpuSeconds === null || start.cpuSeconds === null || seconds === 0) return null;
  return Math.max(0, sample.cpuSeconds - start.cpuSeconds) / seconds;
}
