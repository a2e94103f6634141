import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const workerExits: Family = ({ registry }) => {
  const exits = new Counter({
    name: 'supervisor_worker_exits_total',
    help: 'How many times a worker has ended, by container-style exit code, signal and reason.',
    labelNames: ['worker', 'code', 'signal', 'reason'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'worker-started' && event.start === 1) {
      exits.inc({ worker: event.worker, code: 0, signal: '', reason: 'exit' }, 0);
    }
    if (event.type === 'worker-exited') {
      const { code, signal, reason } = event.exit;
      exits.inc({ worker: event.worker, code, signal: signal ?? '', reason });
    }
  };
};
