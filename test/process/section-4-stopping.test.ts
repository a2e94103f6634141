import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import {
  catches,
  commandLineOf,
  isRunning,
  processesWith,
  processInfo,
} from '../helpers/processes.ts';
import { eventually } from '../helpers/eventually.ts';
import { CLI, ROOT } from '../helpers/program.ts';
import { secondsBetween, Supervisor, worker } from '../helpers/supervisor.ts';
import type { LogLine } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** From the first signal to the last join, by the log's own clock. */
function duration(supervisor: Supervisor): number {
  const [received] = supervisor.linesLike(/^Received/);
  return secondsBetween(received, supervisor.linesLike(/^Stopping parent process/)[0]);
}

const by = (lines: readonly LogLine[]): readonly unknown[] => lines.map((line) => line.worker);

const { definitions } = JSON.parse(
  readFileSync(join(ROOT, 'schemas/supervisor.schema.json'), 'utf8'),
) as { readonly definitions: { readonly signal: { readonly enum: readonly NodeJS.Signals[] } } };

const CATCHABLE = definitions.signal.enum.filter((signal) => signal !== 'SIGKILL');

describe('order', () => {
  test('sequential: each is asked when the one before it is gone', async () => {
    const supervisor = Supervisor.start({ workers: 3, command: worker('--stop-takes=1000') });
    await supervisor.ready(3);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(duration(supervisor)).toBeGreaterThanOrEqual(3);
    const sequence = supervisor.linesLike(/^Stopping child|exited with/);
    expect(by(sequence)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(supervisor.linesLike(/exited/)).toMatchObject(
      [0, 1, 2].map(() => ({ level: 'info', exitCode: 0, reason: 'stopped' })),
    );
  });

  test('parallel: all are asked at once, in index order', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: worker('--stop-takes=1000'),
      stop: { order: 'parallel' },
    });
    await supervisor.ready(3);
    await supervisor.stop();
    const sequence = supervisor.linesLike(/^Stopping child|exited with/);
    expect(by(sequence.slice(0, 3))).toEqual([0, 1, 2]);
    expect(sequence.slice(3).every((line) => line.msg.includes('exited'))).toBe(true);
    expect(duration(supervisor)).toBeGreaterThanOrEqual(1);
    expect(duration(supervisor)).toBeLessThan(3);
  });

  test('sequential under a budget: when one grace is left, all that are left are asked', async () => {
    const supervisor = Supervisor.start({
      workers: 8,
      command: worker('--stop-takes=1500'),
      stop: { gracePeriodSeconds: 4, timeoutSeconds: 5 },
    });
    await supervisor.ready(8);
    await supervisor.stop();
    const asked = supervisor.linesLike(/^Stopping child/);
    expect(by(asked)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(secondsBetween(asked[0], asked[1])).toBeGreaterThanOrEqual(0.99);
    expect(secondsBetween(asked[1], asked[7])).toBeLessThan(1);
    expect(supervisor.linesLike(/^Killing/)).toEqual([]);
    expect(supervisor.linesLike(/exited/).every((line) => line['reason'] === 'stopped')).toBe(true);
  });
});

describe('a worker that ignores the signal', () => {
  test('is killed with its group when its grace is over, and named', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker('--ignore=SIGTERM', '--child'),
      stop: { gracePeriodSeconds: 0.5 },
    });
    const pids = await supervisor.ready(2);
    const children = [...supervisor.stdout.matchAll(/^child (\d+)/gm)].map(([, pid]) =>
      Number(pid),
    );
    expect(children).toHaveLength(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Killing child process/)).toMatchObject(
      [0, 1].map((index) => ({
        level: 'warn',
        msg: `Killing child process [${supervisor.pidOf(index)}]: its grace period is over`,
        worker: index,
      })),
    );
    expect(supervisor.linesLike(/exited/)).toMatchObject([
      { level: 'info', worker: 0, exitCode: -9, reason: 'killed' },
      { level: 'info', worker: 1, exitCode: -9, reason: 'killed' },
    ]);
    // the hint is for a SIGKILL that was not ours
    expect(supervisor.stderr).not.toContain('out of memory');
    for (const pid of [...pids, ...children])
      await eventually(() => {
        expect(isRunning(pid)).toBe(false);
      });
  });

  test('cannot hold the stop beyond its whole budget', async () => {
    const supervisor = Supervisor.start({
      workers: 4,
      command: worker('--ignore=SIGTERM'),
      stop: { gracePeriodSeconds: 1, timeoutSeconds: 1.5 },
    });
    await supervisor.ready(4);
    await supervisor.stop();
    expect(duration(supervisor)).toBeGreaterThanOrEqual(1.5);
    // four graces one after the other would take four seconds
    expect(duration(supervisor)).toBeLessThan(3.5);
    expect(supervisor.linesLike(/^Killing/)).toHaveLength(4);
  });

  test('with a grace of 0 is killed at once', async () => {
    const supervisor = Supervisor.start({
      command: worker('--ignore=SIGTERM'),
      stop: { gracePeriodSeconds: 0 },
    });
    await supervisor.ready(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('stop.signal', () => {
  test.each(CATCHABLE)('%s is what the worker gets', async (signal) => {
    const number = constants.signals[signal];
    const supervisor = Supervisor.start({
      command: `trap 'echo got; exit 0' ${number}; sleep 1000 & echo "ready $$"; while :; do wait; done`,
      stop: { signal, killMode: 'mixed' },
    });
    await supervisor.ready(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.stdout).toContain('got\n');
    expect(supervisor.linesLike(/^Stopping child/)).toMatchObject([{ signal }]);
    expect(supervisor.linesLike(/exited with code 0/)).toHaveLength(1);
  });
});

describe('what asks for a stop', () => {
  test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT', 'SIGQUIT'])('%s', async (signal) => {
    const supervisor = Supervisor.start({ workers: 2, command: worker() });
    await supervisor.ready(2);
    expect(await supervisor.stop(signal)).toEqual({ code: 0, signal: null });
    expect(supervisor.messages()).toContain(`Received ${signal}`);
  });

  test('a second SIGTERM changes nothing', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker('--stop-takes=700') });
    await supervisor.ready(2);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Stopping child/);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Killing/)).toEqual([]);
    expect(by(supervisor.linesLike(/^Stopping child/))).toEqual([0, 1]);
  });

  test('a second SIGINT kills at once', async () => {
    const supervisor = Supervisor.start({ workers: 3, command: worker('--ignore=SIGTERM') });
    const pids = await supervisor.ready(3);
    supervisor.kill('SIGINT');
    await supervisor.logged(/^Stopping child/);
    expect(await supervisor.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(duration(supervisor)).toBeLessThan(5);
    expect(pids.some((pid) => processInfo(pid) !== null)).toBe(false);
    expect(supervisor.linesLike(/^Killing/)).toHaveLength(3);
  });
});

describe('during a stop', () => {
  test('who dies is not restarted, and is told once', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker('--stop-takes=1000'),
      reloadDelay: 0,
    });
    await supervisor.ready(2);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Stopping child/);
    process.kill(supervisor.pidOf(1), 'SIGKILL');
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(2);
    expect(by(supervisor.linesLike(/^Stopping child/))).toEqual([0]);
    expect(supervisor.linesLike(/exited/)).toMatchObject([
      { worker: 1, level: 'error', exitCode: -9, reason: 'signal' },
      { worker: 0, level: 'info', exitCode: 0, reason: 'stopped' },
    ]);
  });

  test('who waits for its replacement does not get one', async () => {
    const supervisor = Supervisor.start({
      workers: 1,
      command: worker('--exit=1'),
      reloadDelay: 60,
    });
    await supervisor.logged(/exited/);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(1);
  });
});

test('a stop in the middle of the start begins no further worker and leaves nobody', async () => {
  const mark = `mark-${process.pid}-${Date.now()}`;
  const supervisor = Supervisor.start({
    workers: 400,
    command: ['sleep', '1000'],
    env: { MARK: mark },
    stop: { order: 'parallel' },
  });
  await supervisor.logged(/^Started child process/, 3);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  const started = supervisor.linesLike(/^Started child process/).length;
  expect(started).toBeLessThan(400);
  expect(supervisor.linesLike(/exited/)).toHaveLength(started);
  expect(processesWith('MARK', mark)).toEqual([]);
});

test('a supervisor that is asked while it loads starts nobody', async () => {
  const supervisor = new Supervisor(
    workspace({ 'supervisor.config.json': { command: ['sleep', '1000'], metrics: { port: 0 } } }),
  );
  // SIGQUIT, because Node catches SIGTERM and SIGINT by itself, and the supervisor's three come together
  await eventually(() => {
    // until its exec the child has this process's own listeners
    expect(commandLineOf(supervisor.pid)).toContain(CLI);
    expect(catches(supervisor.pid, constants.signals.SIGQUIT)).toBe(true);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
