import type { Registry } from 'prom-client';

import type { Event } from '../../core/event.ts';
import type { ProbeName } from '../../core/health.ts';
import type { WorkerScrape } from '../worker-metrics/worker-metrics.ts';
import type { Snapshot } from './snapshot.ts';

/** What is counted: what has happened, and what the scrapes of the workers have come to. */
export type Observation = Event | (WorkerScrape & { readonly type: 'worker-scraped' });

/** What a metric family may look at. */
export interface FamilyContext {
  readonly registry: Registry;
  /** How everything stands at the scrape that is being answered; for gauges. */
  readonly snapshot: () => Snapshot;
  /** The signals that the supervisor listens to. */
  readonly signals: readonly string[];
  /** The probes that are configured at this moment. */
  readonly probes: () => readonly ProbeName[];
}

/** Registers its metric; returns what counts, or null where the snapshot says it all. */
export type Family = (context: FamilyContext) => ((observation: Observation) => void) | null;
