import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';

import { scrape } from './scrape.ts';
import type { Allow, ScrapeResult, ScrapeTarget } from './scrape.ts';

/** A worker's answer, and how long it took in seconds. */
export type TimedResult = ScrapeResult & { readonly duration: number };

/** How many workers are asked at a time. */
const CONCURRENCY = 128;

/** Bytes that all workers together may answer. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Asks every worker for its metrics; each one's failure is its own.
 *
 * @param timeout - seconds for all of it
 * @returns the results in the order of the targets
 */
export async function collect(
  targets: readonly ScrapeTarget[],
  timeout: number,
): Promise<readonly TimedResult[]> {
  const controller = new AbortController();
  // every request under way listens
  setMaxListeners(CONCURRENCY, controller.signal);
  const timer = setTimeout(() => {
    controller.abort();
  }, timeout * 1000);
  const allow = budget(MOST_BYTES);
  const results: TimedResult[] = [];
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
  return results;
}

function budget(most: number): Allow {
  let left = most;
  return (bytes) => {
    left -= bytes;
    return left >= 0;
  };
}
