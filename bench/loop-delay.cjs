// Preloaded into a process: says on SIGPWR the longest delay of its event loop since it was last asked, in ms.
const { appendFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

/** Milliseconds between two looks, which are in what is measured. */
const RESOLUTION = 5;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();
process.on('SIGPWR', () => {
  appendFileSync('loop-delay', `${Math.max(0, delay.max / 1e6 - RESOLUTION)}\n`);
  delay.reset();
});
