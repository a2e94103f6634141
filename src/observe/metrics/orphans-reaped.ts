import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const orphansReaped: Family = ({ registry }) => {
  const orphans = new Counter({
    name: 'supervisor_orphans_reaped_total',
    help: 'How many adopted processes have been reaped.',
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'orphans-reaped') orphans.inc(event.count);
  };
};
