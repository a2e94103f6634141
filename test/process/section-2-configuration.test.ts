import { mkdirSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { environmentOf } from '../helpers/processes.ts';
import { Program, CLI } from '../helpers/program.ts';
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
    const cgroup = new CpuCgroup(quota);
    try {
      const cwd = workspace();
      const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
      const args = ['--workers=auto', '--metrics-port=0', '--', ...worker()];
      const supervisor = new LimitedSupervisor(
        ['sh', '-c', script, cgroup.path, process.execPath, CLI, ...args],
        { cwd, env: { PATH: process.env['PATH'] } },
      );
      await supervisor.ended.then(
        () => undefined,
        () => undefined,
      );
      expect(supervisor.started).toMatchObject({
        workers,
        workersFrom: `a CPU limit of ${quota / 100_000}`,
      });
    } finally {
      cgroup.remove();
    }
  });
});

/** Stops as soon as it has said how many workers it wants. */
class LimitedSupervisor extends Program {
  constructor(...args: ConstructorParameters<typeof Program>) {
    super(...args);
    this.child.stderr?.on('data', () => {
      if (this.started !== undefined) this.kill('SIGTERM');
    });
  }

  get started(): unknown {
    const line = this.stderr.split('\n').find((each) => each.includes('Started parent process'));
    return line === undefined ? undefined : (JSON.parse(line) as unknown);
  }
}

/** A real cgroup with a CPU quota, of whichever version this machine has. */
class CpuCgroup {
  readonly path: string;

  constructor(quota: number) {
    const name = `container-supervisor-test-${process.pid}-${quota}`;
    this.path = join('/sys/fs/cgroup/cpu', name);
    try {
      mkdirSync(this.path);
      writeFileSync(join(this.path, 'cpu.cfs_period_us'), '100000');
      writeFileSync(join(this.path, 'cpu.cfs_quota_us'), String(quota));
    } catch {
      this.path = join('/sys/fs/cgroup', name);
      mkdirSync(this.path);
      writeFileSync(join(this.path, 'cpu.max'), `${quota} 100000`);
    }
  }

  remove(): void {
    rmdirSync(this.path);
  }
}
