#!/usr/bin/env node
// @ts-check
'use strict';

// The signal listeners come before anything else, and this file is CommonJS because its first line runs
// a fifth earlier than a module's: as PID 1, a signal that nobody listens to is lost.
/** @type {NodeJS.Signals[]} */
const received = [];
/** @type {readonly NodeJS.Signals[]} */
const EARLY = [
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
/** @param {NodeJS.Signals} signal */
const keep = (signal) => {
  received.push(signal);
};
for (const signal of EARLY) process.on(signal, keep);

const release = () => {
  for (const signal of EARLY) process.off(signal, keep);
};

void import('./commands.js').then(async ({ execute }) => {
  process.exit(await execute(process.argv.slice(2), { received, release }));
});
