import { expect, test } from '@jest/globals';

import { Supervisor } from '../helpers/supervisor.ts';

const WORKERS = 1024;

test('a thousand workers are started, killed at once, replaced, and stopped', async () => {
  const supervisor = Supervisor.start({
    workers: WORKERS,
    command: ['sleep', '1000'],
    reloadDelay: 0,
    stop: { order: 'parallel' },
  });
  const started = await supervisor.logged(/^Started child process/, WORKERS);
  for (const { pid } of started) process.kill(Number(pid), 'SIGKILL');
  const all = await supervisor.logged(/^Started child process/, 2 * WORKERS);
  const replaced = all.slice(WORKERS).map(({ worker }) => Number(worker));
  expect(replaced.toSorted((a, b) => a - b)).toEqual(Array.from({ length: WORKERS }, (_, i) => i));
  expect((await supervisor.get('/metrics')).body).toMatch(/^supervisor_workers_running 1024$/m);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.linesLike(/exited with code -9/)).toHaveLength(WORKERS);
  expect(supervisor.linesLike(/exited with code -15/)).toHaveLength(WORKERS);
}, 180_000);
