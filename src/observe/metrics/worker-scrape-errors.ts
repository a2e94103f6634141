import { SCRAPE_ERRORS } from '../worker-metrics/scrape.ts';
import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerScrapeErrors: Family = ({ registry }) => {
  const errors = new Counter({
    name: 'supervisor_worker_scrape_errors_total',
    help: 'How many times a worker’s own metrics could not be had, by what was wrong.',
    labelNames: ['worker', 'error'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'worker-started' && event.start === 1) {
      for (const error of SCRAPE_ERRORS) errors.inc({ worker: event.worker, error }, 0);
    }
    if (event.type === 'worker-scraped' && event.error !== null) {
      errors.inc({ worker: event.worker, error: event.error });
    }
  };
};
