// Recycling of real workers, by the built program, under a real memory limit.
import { readFileSync } from 'node:fs';

import { afterEach, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const COMMAND = [process.execPath, `${ROOT}test/fixtures/health-worker.js`];

const made: { readonly cgroup: Cgroup; readonly supervisor: Supervisor }[] = [];

afterEach(async () => {
  for (const { cgroup, supervisor } of made.splice(0)) {
    await supervisor.destroy();
    await cgroup.remove();
  }
});

function limitedTo(mebibytes: number, config: object): Supervisor {
  const limit = String(mebibytes * 2 ** 20);
  const cgroup = new Cgroup(
    'memory',
    { 'memory.limit_in_bytes': limit },
    { 'memory.max': limit, 'memory.swap.max': '0' },
  );
  const file = { metrics: { port: 0 }, ...config };
  const supervisor = new Supervisor(workspace({ 'supervisor.config.json': file }), {
    prefix: cgroup.prefix,
  });
  made.push({ cgroup, supervisor });
  return supervisor;
}

const LEAKING = {
  command: COMMAND,
  workers: 2,
  env: { LEAK_MIB_PER_SECOND: '40' },
  reloadDelay: 0.1,
};

test('a leaking worker is recycled before the kernel kills anybody', async () => {
  const supervisor = limitedTo(600, { ...LEAKING, recycle: { maxMemory: '120Mi' } });
  const recycled = await supervisor.logged(/^Recycling child process/, 4);
  for (const line of recycled) {
    expect(line).toMatchObject({ level: 'info', reason: 'recycled' });
    expect(line['memoryBytes']).toBeGreaterThan(Number(line['maxMemoryBytes']));
    expect(line['maxMemoryBytes']).toBeLessThanOrEqual(120 * 2 ** 20);
  }
  await supervisor.logged(/^Worker \(pid:\d+\) exited with code 0/, 4);
  await supervisor.ready(6);
  const metrics = await supervisor.metrics();
  expect(metrics.get('supervisor_cgroup_oom_kills_total')).toBe(0);
  const sum = [...metrics]
    .filter(([name]) => /^supervisor_worker_restarts_total.*reason="recycled"/.test(name))
    .reduce((total, [, value]) => total + value, 0);
  expect(sum).toBeGreaterThanOrEqual(4);
  await supervisor.stop();
  expect(supervisor.linesLike(/Perhaps out of memory/)).toEqual([]);
  expect(supervisor.linesLike(/^Rolling restart/)).toEqual([]);
});

test('the same without it is killed by the kernel', async () => {
  const supervisor = limitedTo(400, LEAKING);
  const [killed] = await supervisor.logged(/Perhaps out of memory/);
  expect(killed).toMatchObject({ oomKilled: true, reason: 'oom' });
  await supervisor.stop();
});

test('workers that were started together are not recycled together', async () => {
  const supervisor = Supervisor.start({
    workers: 4,
    command: worker(),
    reloadDelay: 0.1,
    minReadySeconds: 0.3,
    recycle: { maxLifetimeSeconds: 1, jitter: 0 },
    log: { level: 'debug' },
  });
  await supervisor.logged(/is ready$/, 12);
  await supervisor.stop();
  const stop = supervisor.messages().indexOf('Received SIGTERM');
  const steps = supervisor.log
    .slice(0, stop)
    .filter(({ msg }) => /^Recycling|is ready$/.test(msg))
    .slice(4);
  // each waits until the one before is back
  let last: number | undefined;
  for (const { msg, worker: index } of steps) {
    if (msg.startsWith('Recycling')) {
      expect(last).toBeUndefined();
      last = index;
    } else if (index === last) last = undefined;
  }
  expect(steps.filter(({ msg }) => msg.startsWith('Recycling')).length).toBeGreaterThan(5);
});

test('the memory of a worker’s children counts', async () => {
  const supervisor = Supervisor.start({
    // a shell that waits for the one that grows
    command: `"${COMMAND[0] ?? ''}" "${COMMAND[1] ?? ''}"; exit 3`,
    env: { LEAK_MIB_PER_SECOND: '100' },
    recycle: { maxMemory: '150Mi' },
    stop: { gracePeriodSeconds: 2 },
  });
  const [line] = await supervisor.logged(/^Recycling child process/);
  const shell = line?.pid ?? 0;
  expect(line?.msg).toMatch(/it has \d+ MiB of memory$/);
  await supervisor.logged(/^Started child process/, 2);
  expect(() => readFileSync(`/proc/${shell}/stat`)).toThrow('ENOENT');
  await supervisor.stop();
});
