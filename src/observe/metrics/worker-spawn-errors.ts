import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerSpawnErrors: Family = ({ registry }) => {
  const errors = new Counter({
    name: 'supervisor_worker_spawn_errors_total',
    help: 'How many attempts to start a worker have failed, by the system’s error and what is missing.',
    labelNames: ['worker', 'error'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'spawn-failed') {
      errors.inc({ worker: event.worker, error: event.failure.code });
    }
  };
};
