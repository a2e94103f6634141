import { Gauge } from 'prom-client';

import { WORKER_STATES } from '../../core/status.ts';
import type { Family } from './family.ts';

export const workerState: Family = ({ registry, status }) => {
  new Gauge({
    name: 'supervisor_worker_state',
    help: 'Which state a worker is in: 1 for that, 0 for the others.',
    labelNames: ['worker', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { index, state } of status().workers) {
        for (const each of WORKER_STATES) {
          this.set({ worker: index, state: each }, each === state ? 1 : 0);
        }
      }
    },
  });
  return null;
};
