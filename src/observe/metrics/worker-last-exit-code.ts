import type { Family } from './family.ts';
import { workerGauge } from './worker-gauge.ts';

export const workerLastExitCode: Family = (context) => {
  workerGauge(
    context,
    'supervisor_worker_last_exit_code',
    'The container-style exit code of a worker’s last end; absent before the first.',
    ({ status }) => status.workers.map(({ index, lastExit }) => [index, lastExit?.code ?? null]),
  );
  return null;
};
