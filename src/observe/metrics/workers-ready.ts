import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const workersReady: Family = ({ registry, snapshot }) => {
  new Gauge({
    name: 'supervisor_workers_ready',
    help: 'How many workers are ready.',
    registers: [registry],
    collect() {
      this.set(snapshot().status.ready);
    },
  });
  return null;
};
