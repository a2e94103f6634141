import { DROP_REASONS } from '../worker-metrics/merge.ts';
import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerScrapeDroppedFamilies: Family = ({ registry }) => {
  const dropped = new Counter({
    name: 'supervisor_worker_scrape_dropped_families_total',
    help: 'How many metric families of a worker’s own have been left out, by the reason.',
    labelNames: ['worker', 'reason'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'worker-started' && event.start === 1) {
      for (const reason of DROP_REASONS) dropped.inc({ worker: event.worker, reason }, 0);
    }
    if (event.type === 'worker-scraped') {
      for (const reason of event.dropped) dropped.inc({ worker: event.worker, reason });
    }
  };
};
