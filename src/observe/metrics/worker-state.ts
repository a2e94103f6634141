import { WORKER_STATES } from '../../core/status.ts';
import type { WorkerStateName } from '../../core/status.ts';
import { Gauge } from './client.ts';
import type { Family } from './family.ts';
import { workerSeries } from './worker-series.ts';

export const workerState: Family = ({ registry, snapshot }) => {
  const gauge = new Gauge({
    name: 'supervisor_worker_state',
    help: 'Which state a worker is in: 1 for that, 0 for the others.',
    labelNames: ['worker', 'state'],
    registers: [registry],
    collect() {
      update(snapshot().status.workers.map(({ index, state }) => [index, state]));
    },
  });
  const update = workerSeries<WorkerStateName>(
    (worker, state) => {
      for (const each of WORKER_STATES) gauge.set({ worker, state: each }, each === state ? 1 : 0);
    },
    (worker) => {
      for (const state of WORKER_STATES) gauge.remove({ worker, state });
    },
  );
  return null;
};
