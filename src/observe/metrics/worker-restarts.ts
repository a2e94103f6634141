import { RESTART_REASONS } from '../../core/state.ts';
import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerRestarts: Family = ({ registry }) => {
  const restarts = new Counter({
    name: 'supervisor_worker_restarts_total',
    help: 'How many times a worker has been replaced, by the reason of the end before.',
    labelNames: ['worker', 'reason'],
    registers: [registry],
  });
  return (event) => {
    if (event.type !== 'worker-started') return;
    const { worker, start, restartReason } = event;
    if (start === 1) for (const reason of RESTART_REASONS) restarts.inc({ worker, reason }, 0);
    if (restartReason !== null) restarts.inc({ worker, reason: restartReason });
  };
};
