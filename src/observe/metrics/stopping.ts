import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const stopping: Family = ({ registry, snapshot }) => {
  new Gauge({
    name: 'supervisor_stopping',
    help: 'Whether the supervisor is stopping: 1 from the first instant of a stop, else 0.',
    registers: [registry],
    collect() {
      const { state } = snapshot().status;
      this.set(state === 'stopping' || state === 'stopped' ? 1 : 0);
    },
  });
  return null;
};
