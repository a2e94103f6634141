import type { EarlySignals } from './signals.ts';

const EARLY: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGTTIN',
  'SIGTTOU',
];

const received: NodeJS.Signals[] = [];

const keep = (signal: NodeJS.Signals): void => {
  received.push(signal);
};

/** What has come since the program's first line, which is in this module. */
export const earlySignals: EarlySignals = {
  received,
  release: () => {
    for (const signal of EARLY) process.off(signal, keep);
  },
};

for (const signal of EARLY) process.on(signal, keep);
