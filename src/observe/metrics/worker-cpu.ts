import { Counter } from './client.ts';
import type { Family } from './family.ts';
import { workerSeries } from './worker-series.ts';

export const workerCpu: Family = ({ registry, snapshot }) => {
  const counter = new Counter({
    name: 'supervisor_worker_cpu_seconds_total',
    help: 'CPU time that a worker’s process has spent since its start, in seconds.',
    labelNames: ['worker'],
    registers: [registry],
    collect() {
      update([...snapshot().usage].map(([worker, { cpuSeconds }]) => [worker, cpuSeconds]));
    },
  });
  const update = workerSeries<number>(
    (worker, seconds) => {
      // a new process begins at zero again
      counter.remove({ worker });
      counter.inc({ worker }, seconds);
    },
    (worker) => {
      counter.remove({ worker });
    },
  );
  return null;
};
