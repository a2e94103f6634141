import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const signalsReceived: Family = ({ registry, signals }) => {
  const received = new Counter({
    name: 'supervisor_signals_received_total',
    help: 'How many signals the supervisor has received.',
    labelNames: ['signal'],
    registers: [registry],
  });
  for (const signal of signals) received.inc({ signal }, 0);
  return (event) => {
    if (event.type === 'signal-received') received.inc({ signal: event.signal });
  };
};
