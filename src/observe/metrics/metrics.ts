import type { IncomingHttpHeaders } from 'node:http';

import { memoryCgroup } from '../../system/cgroup.ts';
import type { Event } from '../../core/event.ts';
import type { ProbeName } from '../../core/health.ts';
import type { Status } from '../../core/status.ts';
import { expose } from '../exposition/exposition.ts';
import type { ExposedFamily } from '../exposition/exposition.ts';
import { familiesOf } from '../exposition/from-registry.ts';
import { negotiate } from '../exposition/negotiate.ts';
import type { Answer, Route } from '../http.ts';
import type { ScrapeTarget } from '../worker-metrics/scrape.ts';
import { WorkerMetrics } from '../worker-metrics/worker-metrics.ts';
import type { WorkerScrape } from '../worker-metrics/worker-metrics.ts';
import { Registry } from './client.ts';
import { FAMILIES, SCRAPE_FAMILIES } from './families.ts';
import type { Observation } from './family.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

export interface MetricsOptions {
  readonly status: () => Status;
  /** The signals that the supervisor listens to. */
  readonly signals: readonly string[];
  /** The probes that are configured at this moment. */
  readonly probes: () => readonly ProbeName[];
  /** Where the workers' own metrics are at this moment; null where they are not scraped. */
  readonly targets: (() => readonly ScrapeTarget[]) | null;
}

/** Seconds that a scrape may take whose client does not say. */
const DEFAULT_TIMEOUT = 5;

/** How many scrapes are answered at a time; the rest of the clients are probes and people. */
const MOST_SCRAPES = 32;

/** What part of the client's time the workers get; the rest is for the way back. */
const WORKERS_SHARE = 0.8;

/** Seconds: no client can make a scrape last longer. */
const LONGEST_TIMEOUT = 60;

/** The metrics of one supervisor. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #cgroup = memoryCgroup();
  readonly #workers: WorkerMetrics | null;
  readonly #counters: readonly ((observation: Observation) => void)[];
  #snapshot: Snapshot | undefined;
  #scrapes = 0;

  constructor(options: MetricsOptions) {
    const { signals, probes, targets } = options;
    this.#options = options;
    this.#workers = targets === null ? null : new WorkerMetrics(targets);
    const snapshot = (): Snapshot => (this.#snapshot ??= this.#take([]));
    this.#counters = [...FAMILIES, ...(targets === null ? [] : SCRAPE_FAMILIES)]
      .map((family) => family({ registry: this.#registry, snapshot, signals, probes }))
      .filter((count) => count !== null);
  }

  /** Counts what the event says. */
  readonly observe = (event: Event): void => {
    this.#count(event);
  };

  /** The exposition, in the format that the client asks for. */
  readonly route: Route = async (headers) => {
    if (this.#scrapes === MOST_SCRAPES) {
      return { status: 503, type: 'text/plain', body: 'too many scrapes at the same time\n' };
    }
    this.#scrapes += 1;
    try {
      return await this.#answer(headers);
    } finally {
      this.#scrapes -= 1;
    }
  };

  async #answer(headers: IncomingHttpHeaders): Promise<Answer> {
    const timeout = workersTimeout(headers['x-prometheus-scrape-timeout-seconds']);
    const families = await (this.#workers === null
      ? this.#own()
      : this.#withWorkers(this.#workers, timeout));
    return { status: 200, ...expose(families, negotiate(headers.accept)) };
  }

  async #withWorkers(workers: WorkerMetrics, timeout: number): Promise<readonly ExposedFamily[]> {
    const { families, scrapes, isFirst } = await workers.scrape(this.#heads(), timeout);
    if (isFirst) {
      for (const scrape of scrapes) this.#count({ type: 'worker-scraped', ...scrape });
    }
    const own = await this.#own(scrapes);
    return families.map((family, place) => withSamples(own[place], family));
  }

  /** What the workers' families are compared with. */
  #heads(): readonly ExposedFamily[] {
    return this.#registry
      .getMetricsAsArray()
      .map(({ name, type }) => ({ name, type: String(type), help: null, samples: '' }));
  }

  #own(scrapes: readonly WorkerScrape[] = []): Promise<readonly ExposedFamily[]> {
    this.#snapshot = this.#take(scrapes);
    return familiesOf(this.#registry, this.#workers === null ? () => null : besideWorkers);
  }

  #take(scrapes: readonly WorkerScrape[]): Snapshot {
    return takeSnapshot(this.#options.status(), this.#cgroup, scrapes);
  }

  #count(observation: Observation): void {
    for (const count of this.#counters) count(observation);
  }
}

/** Of the client's own time-out in seconds, as Prometheus sends it. */
function workersTimeout(header: string | string[] | undefined): number {
  const asked = Number(header);
  const timeout = asked > 0 ? Math.min(asked, LONGEST_TIMEOUT) : DEFAULT_TIMEOUT;
  return timeout * WORKERS_SHARE;
}

/** The supervisor's own process is told from those of its workers. */
function besideWorkers(family: string): string | null {
  return family.startsWith('supervisor_') ? null : 'worker="supervisor"';
}

function withSamples(own: ExposedFamily | undefined, family: ExposedFamily): ExposedFamily {
  if (own === undefined) return family;
  const samples = [own.samples, family.samples].filter((text) => text !== '').join('\n');
  return { ...own, samples };
}
