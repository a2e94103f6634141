import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const workersRunning: Family = ({ registry, snapshot }) => {
  new Gauge({
    name: 'supervisor_workers_running',
    help: 'How many workers are running.',
    registers: [registry],
    collect() {
      const { workers, predecessors } = snapshot().status;
      const running = [...predecessors, ...workers].filter(({ state }) => state === 'running');
      // a worker runs while its predecessor does, and counts once while both do
      this.set(new Set(running.map(({ index }) => index)).size);
    },
  });
  return null;
};
