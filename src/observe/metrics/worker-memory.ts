import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerMemory: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_resident_memory_bytes',
    'Resident memory of a worker’s process, in bytes.',
    ({ usage }) =>
      [...usage].map(([worker, { residentMemoryBytes }]) => [worker, residentMemoryBytes]),
  );
  return null;
};
