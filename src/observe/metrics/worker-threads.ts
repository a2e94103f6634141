import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerThreads: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_threads',
    'How many threads a worker’s process has.',
    ({ usage }) => [...usage].map(([worker, { threads }]) => [worker, threads]),
  );
  return null;
};
