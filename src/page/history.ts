import type { StatusDocument, WorkerDocument } from '../observe/status.ts';
import { keyOf, placesOf } from './places.ts';
import type { Place } from './places.ts';

/** Milliseconds of the past that are kept. */
export const WINDOW = 60_000;

/** Milliseconds between two samples beyond which nothing is known of what was in between. */
const LONGEST_STEP = 3500;

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

/** The samples of the last minute, oldest first, by the key of their place. */
export type History = ReadonlyMap<string, readonly Sample[]>;

/** The history with what a document that came `at` says; places that are not in it are dropped. */
export function recorded(history: History, document: StatusDocument, at: number): History {
  const places = placesOf(document.workers);
  const pids = new Set(document.workers.flatMap(({ pid }) => pid ?? []));
  return new Map(
    places.map((place) => {
      const kept = formerOf(history, place, pids).filter((each) => each.at >= at - WINDOW);
      return [place.key, [...kept, sampleOf(place.worker, kept, at)]];
    }),
  );
}

/**
 * What is known of the process, wherever it was: it becomes a predecessor, and without its replacement it is
 * what it was. Of another process, what its place has shown, unless that is of one that has moved.
 */
function formerOf(
  history: History,
  { worker: { index, pid }, key }: Place,
  pids: ReadonlySet<number>,
): readonly Sample[] {
  const own = history.get(key) ?? [];
  const last = own.at(-1)?.pid ?? null;
  if (last === pid) return own;
  const both = [keyOf(index), keyOf(index, true)].map((each) => history.get(each) ?? []);
  const moved = pid === null ? undefined : both.find((samples) => samples.at(-1)?.pid === pid);
  return moved ?? (last !== null && pids.has(last) ? [] : own);
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
