import { realpathSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { environmentOf } from '../helpers/processes.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

test('every worker knows its index, the count and its starts, across restarts', async () => {
  const supervisor = Supervisor.start({ workers: 3, command: worker(), reloadDelay: 0.05 });
  await supervisor.ready(3);
  process.kill(supervisor.pidOf(1), 'SIGKILL');
  await supervisor.ready(4);
  const variables = [0, 1, 2].map((index) => environmentOf(supervisor.pidOf(index)));
  expect(
    variables.map((env) => [
      env['SUPERVISOR_WORKER_INDEX'],
      env['SUPERVISOR_WORKER_COUNT'],
      env['SUPERVISOR_WORKER_STARTS'],
    ]),
  ).toEqual([
    ['0', '3', '1'],
    ['1', '3', '2'],
    ['2', '3', '1'],
  ]);
});

test('args and env are expanded from the worker’s own environment', async () => {
  const supervisor = Supervisor.start(
    {
      workers: 2,
      command: ['sh', '-c', 'echo "ready 0 $1 $2 $3 $GREETING"; exec sleep 1000', 'sh'],
      args: ['$(SUPERVISOR_WORKER_INDEX):$(PORT)', '$$(PORT)', '$(UNKNOWN)'],
      env: { GREETING: '$(WHO) on $(PORT)' },
      portBase: 8000,
    },
    { env: { WHO: 'worker' } },
  );
  await supervisor.ready(2);
  expect(supervisor.stdout.split('\n').sort()).toEqual([
    '',
    'ready 0 0:8000 $(PORT) $(UNKNOWN) worker on 8000',
    'ready 0 1:8001 $(PORT) $(UNKNOWN) worker on 8001',
  ]);
});

test('a string command is for the shell, which expands it', async () => {
  const supervisor = Supervisor.start({
    command: 'echo "ready 0 $((1 + 1)) $SUPERVISOR_WORKER_INDEX" && exec sleep 1000',
  });
  await supervisor.ready(1);
  expect(supervisor.stdout).toBe('ready 0 2 0\n');
});

test('workingDir is where the workers run; a relative one starts at the supervisor’s', async () => {
  const cwd = workspace({
    'supervisor.config.json': {
      command: 'echo "ready 0 $(pwd -P)"; exec sleep 1000',
      workingDir: 'inner',
      metrics: { port: 0 },
    },
    'inner/keep': '',
  });
  const supervisor = new Supervisor(cwd);
  await supervisor.ready(1);
  expect(supervisor.stdout).toBe(`ready 0 ${join(realpathSync(cwd), 'inner')}\n`);
});

test('a program of a relative workingDir is found from there', async () => {
  const cwd = workspace({
    'supervisor.config.json': {
      command: ['./app'],
      workingDir: 'inner',
      metrics: { port: 0 },
    },
    'inner/keep': '',
  });
  writeFileSync(join(cwd, 'inner/app'), '#!/bin/sh\necho ready $$\nexec sleep 1000\n', {
    mode: 0o755,
  });
  await new Supervisor(cwd).ready(1);
});

describe('workers: "auto"', () => {
  test('is the number of usable CPUs without a limit, and the log says so', async () => {
    const supervisor = Supervisor.start({ workers: 'auto', command: worker() });
    const [started] = await supervisor.logged(/^Started parent process/);
    const usable = availableParallelism();
    expect(started).toMatchObject({
      workers: usable,
      workersFrom: `${usable} usable CPUs, without a CPU limit`,
    });
    await supervisor.ready(usable);
  });

  test.each([
    [350_000, 3],
    [50_000, 1],
  ])('with a real cgroup quota of %i µs in 100 ms is %i', async (quota, workers) => {
    const cgroup = new Cgroup(
      'cpu',
      { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': String(quota) },
      { 'cpu.max': `${quota} 100000` },
    );
    const supervisor = new Supervisor(workspace(), {
      prefix: cgroup.prefix,
      args: ['--workers=auto', '--metrics-port=0', '--', ...worker()],
    });
    const [started] = await supervisor.logged(/^Started parent process/);
    expect(started).toMatchObject({
      workers,
      workersFrom: `a CPU limit of ${quota / 100_000}`,
    });
    await supervisor.destroy();
    await cgroup.remove();
  });
});
