import { Counter } from 'prom-client';

import type { Family } from './family.ts';

export const signalsReceived: Family = ({ registry }) => {
  const signals = new Counter({
    name: 'supervisor_signals_received_total',
    help: 'How many signals the supervisor has received.',
    labelNames: ['signal'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'signal-received') signals.inc({ signal: event.signal });
  };
};
