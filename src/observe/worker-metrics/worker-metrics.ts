import { performance } from 'node:perf_hooks';

import type { ExposedFamily } from '../exposition/exposition.ts';
import { atMost } from '../../loop/at-most.ts';
import { collect } from './collect.ts';
import type { Collection, TimedResult } from './collect.ts';
import { mergeFamilies } from './merge.ts';
import type { DropReason, Merged, WorkerFamilies } from './merge.ts';
import type { ScrapeError, ScrapeTarget } from './scrape.ts';

/** Milliseconds after which what is being collected is too old to be shared. */
const SHARED_FOR = 500;

/** Seconds that the workers have at least, however little the first scraper has. */
const LEAST_TIMEOUT = 4;

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
  /** Whether it is the one that the workers were asked for, and is to be counted; others share its answers. */
  readonly isFirst: boolean;
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
    const { collection, isFirst } = this.#join(timeout);
    // another scraper, which has begun it, may have more time than this one
    await atMost(timeout, collection.done);
    const results = collection.results();
    const { families, dropped } = mergeFamilies(own, results.filter(isAnswer));
    return { families, isFirst, scrapes: results.map((result) => scrapeOf(result, dropped)) };
  }

  /** Takes part in what has just been begun, or begins anew. */
  #join(timeout: number): { readonly collection: Collection; readonly isFirst: boolean } {
    const running = this.#underWay;
    if (running !== null && performance.now() - running.startedAt < SHARED_FOR) {
      return { collection: running, isFirst: false };
    }
    // whoever takes part may have more time than the first
    const collection = collect(this.#targets(), Math.max(timeout, LEAST_TIMEOUT));
    this.#underWay = collection;
    void collection.done.finally(() => {
      if (this.#underWay === collection) this.#underWay = null;
    });
    return { collection, isFirst: true };
  }
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
