import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

import { atMost } from '../../loop/at-most.ts';
import { scrape } from './scrape.ts';
import type { Allow, ScrapeResult, ScrapeTarget } from './scrape.ts';

/** A worker's answer, and how long it took in seconds. */
export type TimedResult = ScrapeResult & { readonly duration: number };

/** How many workers are asked at a time. */
const CONCURRENCY = 128;

/** Bytes that all workers together may answer. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What is being asked of the workers. */
export interface Collection {
  /** By `performance.now`. */
  readonly startedAt: number;
  /** What has come by now, in the order of the targets; who has not answered yet has timed out. */
  results(): readonly TimedResult[];
  /** When all have answered, or have failed. */
  readonly done: Promise<void>;
}

/**
 * Asks every worker for its metrics; each one's failure is its own.
 *
 * @param timeout - seconds for all of it
 */
export function collect(targets: readonly ScrapeTarget[], timeout: number): Collection {
  const startedAt = performance.now();
  const results: (TimedResult | undefined)[] = [];
  return {
    startedAt,
    results: () =>
      targets.map(({ worker }, place) => {
        const duration = (performance.now() - startedAt) / 1000;
        return results[place] ?? { worker, error: 'timeout', duration };
      }),
    // whatever becomes of a request, it does not last for ever
    done: atMost(timeout + 1, askAll(targets, timeout, results)),
  };
}

async function askAll(
  targets: readonly ScrapeTarget[],
  timeout: number,
  results: (TimedResult | undefined)[],
): Promise<void> {
  const controller = new AbortController();
  // every request under way listens
  setMaxListeners(CONCURRENCY, controller.signal);
  const timer = setTimeout(() => {
    controller.abort();
  }, timeout * 1000);
  const allow = budget(MOST_BYTES);
  const queue = targets.entries();
  const work = async (): Promise<void> => {
    for (const [place, target] of queue) {
      const startedAt = performance.now();
      const result = await scrape(target, controller.signal, allow);
      results[place] = { ...result, duration: (performance.now() - startedAt) / 1000 };
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, targets.length) }, work));
  clearTimeout(timer);
}

function budget(most: number): Allow {
  let left = most;
  return (bytes) => {
    left -= bytes;
    return left >= 0;
  };
}
