import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const workersRunning: Family = ({ registry, snapshot }) => {
  new Gauge({
    name: 'supervisor_workers_running',
    help: 'How many workers are running.',
    registers: [registry],
    collect() {
      this.set(snapshot().status.workers.filter((worker) => worker.state === 'running').length);
    },
  });
  return null;
};
