import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerScrapeSuccess: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_scrape_success',
    'Whether a running worker’s own metrics could be had: 1 or 0.',
    ({ scrapes }) => scrapes.map(({ worker, error }) => [worker, error === null ? 1 : 0]),
  );
  return null;
};
