import { unixMilliseconds } from '../wall-time.ts';
import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerStartTime: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_start_time_seconds',
    'When a worker’s process was started, in seconds of Unix time; absent while it has none.',
    ({ status }) =>
      status.workers.map(({ index, pid, since }) => [
        index,
        pid === null || since === null ? null : unixMilliseconds(since) / 1000,
      ]),
  );
  return null;
};
