import type { Registry } from 'prom-client';

import type { Event } from '../../core/event.ts';
import type { Status } from '../../core/status.ts';

/** What a metric family may look at. */
export interface FamilyContext {
  readonly registry: Registry;
  /** How everything stands at this moment; for gauges, at scrape time. */
  readonly status: () => Status;
}

/** Registers its metric; returns what counts events, or null where the status says it all. */
export type Family = (context: FamilyContext) => ((event: Event) => void) | null;
