import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { childrenOf, processInfo } from '../helpers/processes.ts';
import { secondsBetween, Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

describe('start', () => {
  test('starts the workers in index order, each the leader of a group of its own', async () => {
    const supervisor = Supervisor.start({ workers: 3, command: worker() });
    const pids = await supervisor.ready(3);
    const started = supervisor.linesLike(/^Started child process/);
    expect(started.map((line) => line.worker)).toEqual([0, 1, 2]);
    expect(started.map((line) => line.pid).sort()).toEqual([...pids].sort());
    expect([...childrenOf(supervisor.pid)].sort()).toEqual([...pids].sort());
    for (const pid of pids) expect(processInfo(pid)?.group).toBe(pid);
  });

  test('with 0 workers it idles until it is stopped, with and without its server', async () => {
    for (const enabled of [true, false]) {
      const supervisor = Supervisor.start({
        workers: 0,
        command: ['true'],
        metrics: { enabled, port: 0 },
      });
      await supervisor.logged(/^Started parent process/);
      if (enabled) expect((await supervisor.get('/readyz')).status).toBe(200);
      expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    }
  });
});

describe('restart', () => {
  test('a worker killed after a quiet time is replaced at once in its own slot', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker(), reloadDelay: 2 });
    await supervisor.ready(2);
    const [first] = await supervisor.logged(/^Started child process/, 2);
    await eventually(() => {
      expect(Date.now() - Date.parse(first?.time ?? '')).toBeGreaterThan(2500);
    });
    const untouched = supervisor.pidOf(1);
    const killed = supervisor.pidOf(0);
    process.kill(killed, 'SIGKILL');
    await supervisor.ready(3);
    const [exited] = await supervisor.logged(/exited with code/);
    const [replaced] = (await supervisor.logged(/^Started child process/, 3)).slice(2);
    expect(exited).toMatchObject({ worker: 0, pid: killed, delaySeconds: 0 });
    expect(replaced).toMatchObject({ worker: 0, starts: 2, reason: 'signal' });
    expect(supervisor.pidOf(1)).toBe(untouched);
    // far from the two seconds of the delay, and generous to a slow machine
    expect(secondsBetween(exited, replaced)).toBeLessThan(1);
  });

  test('a crash loop restarts once per reloadDelay', async () => {
    const supervisor = Supervisor.start({
      workers: 1,
      command: ['sh', '-c', 'exit 3'],
      reloadDelay: 0.4,
    });
    const started = await supervisor.logged(/^Started child process/, 5);
    for (let index = 1; index < 5; index += 1) {
      // log times are rounded to milliseconds
      expect(secondsBetween(started[index - 1], started[index])).toBeGreaterThanOrEqual(0.398);
    }
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('with a reloadDelay of 0 the loop is not starved: it answers and stops', async () => {
    const supervisor = Supervisor.start({ workers: 4, command: ['true'], reloadDelay: 0 });
    await supervisor.logged(/^Started child process/, 100);
    expect((await supervisor.get('/livez')).status).toBe(200);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('a stopped process is alive: it is not replaced', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker(), reloadDelay: 0 });
    await supervisor.ready(2);
    process.kill(supervisor.pidOf(0), 'SIGSTOP');
    process.kill(supervisor.pidOf(1), 'SIGKILL');
    await supervisor.ready(3);
    expect(supervisor.linesLike(/exited with code/).map((line) => line.worker)).toEqual([1]);
  });

  test('a worker’s child that keeps its output open does not delay the replacement', async () => {
    const supervisor = Supervisor.start({
      workers: 1,
      command: 'sleep 1000 & echo ready $$; exit 1',
      reloadDelay: 0.1,
    });
    await supervisor.ready(3);
  });
});

describe('a spawn that fails', () => {
  test('because the command has since gone is tried again, and heals', async () => {
    const directory = workspace();
    const command = join(directory, 'app');
    const install = (): void => {
      writeFileSync(command, '#!/bin/sh\necho ready $$\nexec sleep 1000\n', { mode: 0o755 });
    };
    install();
    const supervisor = Supervisor.start({ workers: 1, command: [command], reloadDelay: 0.05 });
    const [first = 0] = await supervisor.ready(1);
    rmSync(command);
    process.kill(first, 'SIGKILL');
    const [failed] = await supervisor.logged(/^Worker could not be started/, 3);
    expect(failed).toMatchObject({ level: 'error', worker: 0, error: 'ENOENT' });
    expect(failed?.msg).toContain(`"${command}" was not found`);
    expect((await supervisor.get('/readyz')).body).toContain('[-]worker 0 backoff');
    install();
    await supervisor.ready(2);
    await eventually(async () => {
      const metrics = await supervisor.metrics();
      expect(metrics.get('supervisor_worker_starts_total{worker="0"}')).toBe(2);
      expect(metrics.get('supervisor_worker_spawn_errors_total{worker="0",error="ENOENT"}')).toBe(
        supervisor.linesLike(/^Worker could not be started/).length,
      );
    });
    expect(existsSync(command)).toBe(true);
  });

  test('for want of descriptors is tried again, and heals', async () => {
    const supervisor = Supervisor.start({ workers: 1, command: worker(), reloadDelay: 0.05 });
    const [first = 0] = await supervisor.ready(1);
    const limit = (files: number): void => {
      execFileSync('prlimit', [`--pid=${supervisor.pid}`, `--nofile=${files}:4096`]);
    };
    // fewer than it has: none of those that it closes is one to spare
    limit(3);
    process.kill(first, 'SIGKILL');
    const [failed] = await supervisor.logged(/^Worker could not be started/, 3);
    expect(failed).toMatchObject({ worker: 0, error: 'EMFILE', delaySeconds: 0.05 });
    limit(4096);
    await supervisor.ready(2);
    expect(supervisor.linesLike(/exited with code/)).toHaveLength(1);
  });
});
