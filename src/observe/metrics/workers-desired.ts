import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const workersDesired: Family = ({ registry, snapshot }) => {
  new Gauge({
    name: 'supervisor_workers_desired',
    help: 'How many workers are wanted.',
    registers: [registry],
    collect() {
      this.set(snapshot().status.desired);
    },
  });
  return null;
};
