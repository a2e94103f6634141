import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerScrapeDuration: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_scrape_duration_seconds',
    'How long it took to get a running worker’s own metrics, or to fail, in seconds.',
    ({ scrapes }) => scrapes.map(({ worker, duration }) => [worker, duration]),
  );
  return null;
};
