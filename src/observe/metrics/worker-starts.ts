import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerStarts: Family = ({ registry }) => {
  const starts = new Counter({
    name: 'supervisor_worker_starts_total',
    help: 'How many times a worker has been started, its first start included.',
    labelNames: ['worker'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'worker-started') starts.inc({ worker: event.worker });
  };
};
