import { expect, test } from '@jest/globals';

import { Supervisor } from '../helpers/supervisor.ts';

const SCRAPES = 3000;

/** Bytes of V8's young generation, as the supervisor's own metrics have it. */
function youngGeneration(exposition: string): number {
  const metric = /^nodejs_heap_space_size_total_bytes\{space="new"\} (\S+)$/m;
  return Number(metric.exec(exposition)?.[1]);
}

test('scrapes do not let the heap grow', async () => {
  const supervisor = Supervisor.start({ workers: 16, command: ['sleep', '1000'] });
  await supervisor.logged(/^Started child process/, 16);
  let body = '';
  for (let made = 0; made < SCRAPES; made += 1) ({ body } = await supervisor.get('/metrics'));
  // it begins with 1 or 2 MB (Node.js 20 to 26) and would be ten times as large by now
  expect(youngGeneration(body)).toBeLessThan(8 * 2 ** 20);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
}, 120_000);
