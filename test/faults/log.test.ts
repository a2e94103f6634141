// No room for the log, or nobody who reads it: the workers and the end do not depend on it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { after, mounted } from '../helpers/surroundings.ts';
import { workspace } from '../helpers/workspace.ts';

/** Crash loops, seen by the metrics alone; with the output of the shell's redirection. */
async function started(
  redirect: string,
  config: object,
  wrap = after,
): Promise<{ supervisor: Supervisor; starts: () => Promise<number> }> {
  const port = await freePorts(1);
  const cwd = workspace({
    'supervisor.config.json': {
      workers: 2,
      command: ['sh', '-c', 'echo a line from $$$$; exit 1'],
      reloadDelay: 0.01,
      metrics: { port, host: '127.0.0.1' },
      ...config,
    },
  });
  const supervisor = new Supervisor(cwd, { prefix: wrap(`exec ${redirect}`) });
  const starts = async (): Promise<number> => {
    const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const counts = body.matchAll(/^supervisor_worker_starts_total\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  return { supervisor, starts };
}

async function expectToGoOn(starts: () => Promise<number>): Promise<void> {
  const before = await eventually(starts);
  await eventually(async () => {
    expect(await starts()).toBeGreaterThan(before + 20);
  });
}

const PREFIX = { log: { workers: 'prefix' } };

test.each<[string, string, object]>([
  ['standard error on a full device', '2>/dev/full', {}],
  ['both on a full device, with prefixes', '>/dev/full 2>&1', PREFIX],
  ['closed streams, with prefixes', '<&- >&- 2>&-', PREFIX],
])('%s: workers are replaced, and the end is 0', async (_, redirect, config) => {
  const { supervisor, starts } = await started(redirect, config);
  await expectToGoOn(starts);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test.each([
  // where they share the file, their own lines are lost
  ['inherit', { command: ['sh', '-c', 'exit 1'] }],
  ['prefix', PREFIX],
])('a file on a full file system (%s): the log goes on once there is room', async (_, config) => {
  const cwd = workspace();
  const [full, room] = [join(cwd, 'full'), join(cwd, 'room')];
  // the log of a few hundred restarts does not go in
  const script = `mkdir "${full}"
    mount -t tmpfs -o size=64k none "${full}"
    head -c 57344 /dev/zero > "${full}/else"
    (until [ -e "${room}" ]; do sleep 0.05; done
     wc -c < "${full}/log" > "${cwd}/before"; rm "${full}/else"
     until [ $(wc -c < "${full}/log") -gt 20000 ]; do sleep 0.05; done
     cp "${full}/log" "${cwd}/copy"; mv "${cwd}/copy" "${cwd}/log") < /dev/null > /dev/null 2>&1 &
    exec >> "${full}/log" 2>&1`;
  const { supervisor, starts } = await started('2>&1', config, () => mounted(script));
  await expectToGoOn(starts);
  await expectToGoOn(starts);
  expect(existsSync(join(cwd, 'log'))).toBe(false);
  writeFileSync(room, '');
  const text = await eventually(() => readFileSync(join(cwd, 'log'), 'utf8'));
  expect(Number(readFileSync(join(cwd, 'before'), 'utf8'))).toBeLessThanOrEqual(8192);
  // what has waited is there, whole and without a gap
  const lines = text.split('\n').slice(0, -1);
  const torn = lines.filter((line) => !/^(\{"time".*\}|\[\d\] a line from \d+)$/.test(line));
  expect(torn.slice(0, 3)).toEqual([]);
  const starts0 = text.matchAll(/"worker":0,"pid":\d+,"starts":(\d+)/g);
  const numbers = [...starts0].map(([, number]) => Number(number));
  expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test('readers of both streams that go away, with prefixes, end nothing', async () => {
  const { supervisor, starts } = await started('2>&1', PREFIX);
  await eventually(starts);
  supervisor.child.stdout?.destroy();
  supervisor.child.stderr?.destroy();
  await expectToGoOn(starts);
  const ended = new Promise((resolve) => {
    supervisor.child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  supervisor.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});
