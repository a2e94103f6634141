// What is mounted in other places and is not in this one: the supervisor works, or says what does not.
import { chmodSync, rmSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { isRunning } from '../helpers/processes.ts';
import { CLI } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import type { RunOptions } from '../helpers/supervisor.ts';
import { mounted, NOBODY, without } from '../helpers/surroundings.ts';
import { workspace } from '../helpers/workspace.ts';

const SHELL = ['sh', '-c', 'echo ready $$$$; exec sleep 1000'];

/** It starts, answers everything, replaces a worker and stops, and nothing looks like a defect. */
async function expectToWork(options: RunOptions, config: object = {}): Promise<Supervisor> {
  const file = { workers: 2, command: SHELL, metrics: { port: 0 }, ...config };
  const cwd = workspace({ 'supervisor.config.json': file });
  // for another user
  chmodSync(cwd, 0o755);
  const supervisor = new Supervisor(cwd, options);
  const [first = NaN] = await supervisor.ready(2);
  for (const path of ['/livez', '/readyz', '/status', '/metrics', '/']) {
    expect([path, (await supervisor.get(path)).status]).toEqual([path, 200]);
  }
  process.kill(first, 'SIGKILL');
  await supervisor.ready(3);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.stderr).not.toMatch(/^ +at /m);
  expect(supervisor.linesLike(/exited with/)).toHaveLength(3);
  return supervisor;
}

const warnings = (supervisor: Supervisor): readonly string[] =>
  supervisor.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);

describe('it works', () => {
  const NO_NULL = without('/dev');
  test.each<[string, RunOptions]>([
    ['without /sys', { prefix: without('/sys') }],
    ['without /dev/shm', { prefix: without('/dev/shm') }],
    ['without /dev/null and all other devices', { prefix: NO_NULL }],
    ['with an empty environment', { prefix: ['env', '-i'] }],
    ['with a closed standard input', { prefix: ['sh', '-c', 'exec "$@" <&-', 'sh'] }],
    ['as a user that nobody knows, without HOME', { prefix: ['env', '-i', ...NOBODY] }],
  ])('%s', async (_, options) => {
    const config = { command: ['/bin/sh', '-c', 'echo ready $$$$; exec /bin/sleep 1000'] };
    expect(warnings(await expectToWork(options, config))).toEqual([]);
  });

  test('with a read-only root and nothing else that can be written to', async () => {
    const cwd = workspace({ 'supervisor.config.json': { command: worker() } });
    const supervisor = new Supervisor(cwd, {
      // read-only with all that is mounted below, /tmp and /dev/shm included
      prefix: mounted(
        `mount --make-rprivate /
         findmnt --raw --noheadings --output TARGET | grep -v '^/proc' | while read -r at; do
           mount -o remount,bind,ro "$at" 2>/dev/null || true
         done
         if touch /tmp/x || touch /dev/shm/x; then exit 99; fi 2>/dev/null`,
      ),
      args: ['--metrics-port', '0'],
    });
    await supervisor.ready(1);
    expect((await supervisor.get('/metrics')).status).toBe(200);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(warnings(supervisor)).toEqual([]);
  });

  test('without /tmp', async () => {
    const supervisor = new Supervisor('/', {
      // the program is brought back to where it is
      prefix: mounted(
        `mkdir -p /run/program-${process.pid}
         mount -t tmpfs none /run/program-${process.pid}
         cp "${CLI}" /run/program-${process.pid}/cli.cjs
         mount -t tmpfs -o ro none /tmp`,
      ),
      program: [process.execPath, `/run/program-${process.pid}/cli.cjs`],
      args: ['--metrics-port', '0', '--', ...SHELL],
    });
    // what the command line says is expanded as in a file
    await supervisor.ready(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    rmSync(`/run/program-${process.pid}`, { recursive: true, force: true });
  });
});

describe('/proc', () => {
  const UNMOUNTED = mounted('umount --lazy /proc');
  const EMPTY = without('/proc');

  test.each([
    ['not mounted', UNMOUNTED],
    ['an empty directory', EMPTY],
  ])('%s: what does not work without it is said, once', async (_, prefix) => {
    const supervisor = await expectToWork({ prefix }, { recycle: { maxMemory: '1Gi' } });
    expect(warnings(supervisor)).toEqual([
      expect.stringMatching(/^oomScoreAdj has no effect, because \/proc cannot be read; mount it/),
      expect.stringMatching(/^recycle.maxMemory has no effect, because \/proc cannot be read/),
    ]);
  });

  test('of which only what is one’s own can be seen is enough for an ordinary user', async () => {
    const cwd = workspace({ 'supervisor.config.json': { command: SHELL, workers: 2 } });
    chmodSync(cwd, 0o755);
    const supervisor = new Supervisor(cwd, {
      // a namespace of its own, because the option is one of all mounts in a namespace
      prefix: [
        'unshare',
        '--pid',
        '--fork',
        '--kill-child',
        ...mounted('mount -t proc -o hidepid=2 proc /proc'),
        ...NOBODY,
      ],
      args: ['--metrics-port', '0'],
    });
    await supervisor.ready(2);
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_threads{worker="1"}')).toBe(1);
    expect(warnings(supervisor)).toEqual([]);
  });

  test.each([
    ['is there', []],
    ['is not mounted', UNMOUNTED],
    ['is an empty directory', EMPTY],
  ])('%s: whoever outlives the worker in its group is killed all the same', async (_, prefix) => {
    const supervisor = Supervisor.start(
      {
        command: 'trap "" TERM; sleep 1000 & trap - TERM; echo ready $!; exec sleep 1000',
        // nobody else tells when they are gone
        subreaper: true,
        stop: { gracePeriodSeconds: 1 },
      },
      { prefix },
    );
    const [left = NaN] = await supervisor.ready(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Sent SIGKILL to what is left/)).toHaveLength(1);
    await eventually(() => {
      expect(isRunning(left)).toBe(false);
    });
  });
});

describe('a deleted working directory', () => {
  const deleted = (): RunOptions['prefix'] => {
    const directory = workspace();
    return ['sh', '-c', `cd ${directory} && rmdir ${directory} && exec "$@"`, 'sh'];
  };

  test('at the start is one clear line and status 2', async () => {
    const supervisor = new Supervisor('/', {
      prefix: deleted() ?? [],
      args: ['--metrics-port', '0', '--', ...SHELL],
    });
    expect(await supervisor.ended).toEqual({ code: 2, signal: null });
    expect(supervisor.stderr).toBe(
      'working directory: expected one that exists, found none: it has been deleted (ENOENT)\n',
    );
  });

  test('while it runs ends nothing', async () => {
    // a shell would complain of it, in the midst of the log
    const config = { command: ['sleep', '1000'], metrics: { port: 0 } };
    const cwd = workspace({ 'supervisor.config.json': config });
    const supervisor = new Supervisor(cwd);
    await supervisor.logged(/^Started child process/);
    rmSync(cwd, { recursive: true });
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.logged(/^Started child process/, 2);
    supervisor.kill('SIGHUP');
    await supervisor.logged(/supervisor\.config\.json.*expected/);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });
});
