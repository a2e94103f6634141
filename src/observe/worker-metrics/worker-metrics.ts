import type { ExposedFamily } from '../exposition/exposition.ts';
import { collect } from './collect.ts';
import type { Collection, TimedResult } from './collect.ts';
import { mergeFamilies } from './merge.ts';
import type { DropReason, Merged, WorkerFamilies } from './merge.ts';
import type { ScrapeError, ScrapeTarget } from './scrape.ts';

/** What one scrape of one worker has come to. */
export interface WorkerScrape {
  readonly worker: number;
  readonly error: ScrapeError | null;
  /** Seconds. */
  readonly duration: number;
  /** One for each family that was left out. */
  readonly dropped: readonly DropReason[];
}

/** The workers' part of an exposition. */
export interface WorkerExposition {
  /** The supervisor's own families, without their samples, and behind them those that only workers have. */
  readonly families: readonly ExposedFamily[];
  readonly scrapes: readonly WorkerScrape[];
}

/**
 * Asks the workers for their metrics. Whoever asks while that is under way gets the same answer, so that
 * many scrapers are no load for the workers.
 */
export class WorkerMetrics {
  readonly #targets: () => readonly ScrapeTarget[];
  #underWay: Collection | null = null;

  constructor(targets: () => readonly ScrapeTarget[]) {
    this.#targets = targets;
  }

  /**
   * @param own - the supervisor's own families
   * @param timeout - seconds that it may take
   */
  async scrape(own: readonly ExposedFamily[], timeout: number): Promise<WorkerExposition> {
    const collection = (this.#underWay ??= this.#collect(timeout));
    // another scraper, which has begun it, may have more time than this one
    await within(timeout, collection.done);
    const results = collection.results();
    const { families, dropped } = mergeFamilies(own, results.filter(isAnswer));
    return { families, scrapes: results.map((result) => scrapeOf(result, dropped)) };
  }

  #collect(timeout: number): Collection {
    const collection = collect(this.#targets(), timeout);
    void collection.done.finally(() => {
      this.#underWay = null;
    });
    return collection;
  }
}

/** Waits for the promise, but no longer than so many seconds. */
async function within(seconds: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([done, over]);
  clearTimeout(timer);
}

function isAnswer(result: TimedResult): result is TimedResult & WorkerFamilies {
  return 'families' in result;
}

function scrapeOf(result: TimedResult, dropped: Merged['dropped']): WorkerScrape {
  const { worker, duration } = result;
  return {
    worker,
    duration,
    error: 'error' in result ? result.error : null,
    dropped: dropped.filter((each) => each.worker === worker).map(({ reason }) => reason),
  };
}
