import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { memoryOf } from '../processes.mjs';
import { pause, withRun } from '../run.mjs';

const LOOP_DELAY = fileURLToPath(new URL('../loop-delay.cjs', import.meta.url));

/** How the cost grows with the number of workers. */
export const scales = [1, 4, 16, 64, 256, 1024].map((workers) => ({
  name: `scale ${workers}`,
  rounds: { full: workers > 64 ? 1 : 2, quick: workers > 64 ? 0 : 1 },
  takes: ({ name }) => name === 'container-supervisor' || name === 'floor',
  rows: [
    { name: `started ${workers}`, workers, title: 'all started', unit: 'ms' },
    { name: `back ${workers}`, workers, title: 'back after all were killed', unit: 'ms' },
    { name: `stopped ${workers}`, workers, title: 'stopped', unit: 'ms' },
    { name: `memory ${workers}`, workers, title: 'RSS', unit: 'MB' },
    { name: `pause ${workers}`, workers, title: 'longest pause of the loop', unit: 'ms' },
  ],
  measure: (contestant) =>
    withRun(async (run) => {
      run.start(observed(contestant), { workers, command: run.worker() });
      const started = (await run.started(workers)) - run.startedAt;
      await pause(500);
      const memory = memoryOf(run.pid).rss;
      await said(run, 1);
      const from = performance.now();
      for (const { pid } of run.starts.slice()) process.kill(pid, 'SIGKILL');
      const back = (await run.started(2 * workers)) - from;
      const delay = await said(run, 2);
      return {
        [`started ${workers}`]: started,
        [`back ${workers}`]: back,
        [`stopped ${workers}`]: await run.stop(),
        [`memory ${workers}`]: memory,
        [`pause ${workers}`]: delay,
      };
    }),
}));

/** With what tells the delays of its loop. */
function observed(contestant) {
  return {
    ...contestant,
    prepare: (settings) => {
      const { argv, ...more } = contestant.prepare(settings);
      const [node, ...args] = argv;
      return { argv: [node, '--require', LOOP_DELAY, ...args], ...more };
    },
  };
}

/** Asks for the longest delay; returns the largest of all that have been told. */
async function said(run, count) {
  process.kill(run.pid, 'SIGPWR');
  const lines = await run.until('the delay', () => {
    const told = read(join(run.directory, 'loop-delay')).trim().split('\n').filter(Boolean);
    return told.length >= count && told;
  });
  return Math.max(...lines.map(Number));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
