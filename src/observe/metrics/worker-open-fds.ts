import { openFds } from '../process-usage.ts';
import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerOpenFds: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_open_fds',
    'How many file descriptors a worker’s process has open.',
    ({ status }) =>
      status.workers.map(({ index, pid }) => [index, pid === null ? null : openFds(pid)]),
  );
  return null;
};
