import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { isRunning } from '../helpers/processes.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { ROOT } from '../helpers/program.ts';

/** A worker with a tree of four descendants; each says what it gets. */
const tree = [process.execPath, `${ROOT}test/fixtures/tree.js`];

/** The pids of the tree by name, once all five are there. */
async function treeOf(supervisor: Supervisor): Promise<ReadonlyMap<string, number>> {
  return eventually(() => {
    const found = [...supervisor.stdout.matchAll(/^(\w+) is (\d+)$/gm)];
    expect(found.length).toBeGreaterThanOrEqual(5);
    return new Map(found.map(([, name = '', pid]) => [name, Number(pid)]));
  });
}

const told = (supervisor: Supervisor): readonly string[] =>
  [...supervisor.stdout.matchAll(/^(\w+) got SIGTERM$/gm)].map(([, name = '']) => name).sort();

async function allGone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) {
    await eventually(() => {
      expect(isRunning(pid)).toBe(false);
    });
  }
}

describe('killMode', () => {
  test('control-group: the worker and its four descendants get the signal', async () => {
    const supervisor = Supervisor.start({ command: tree, stop: { killMode: 'control-group' } });
    const pids = await treeOf(supervisor);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(told(supervisor)).toEqual(['a', 'b', 'c', 'd', 'worker']);
    for (const pid of pids.values()) expect(isRunning(pid)).toBe(false);
    expect(supervisor.linesLike(/SIGKILL/)).toEqual([]);
  });

  test('mixed: the worker gets the signal, its descendants are killed after it', async () => {
    const supervisor = Supervisor.start({ command: tree });
    const pids = await treeOf(supervisor);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(told(supervisor)).toEqual(['worker']);
    for (const pid of pids.values()) expect(isRunning(pid)).toBe(false);
    expect(supervisor.messages()).toContain(
      `Sent SIGKILL to what is left of process group [${supervisor.pidOf(0)}]`,
    );
  });

  test('process: the worker alone; its descendants are left alone', async () => {
    const supervisor = Supervisor.start({ command: tree, stop: { killMode: 'process' } });
    const pids = await treeOf(supervisor);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Stopping parent process/);
    expect(told(supervisor)).toEqual(['worker']);
    for (const [name, pid] of pids)
      expect([name, isRunning(pid)]).toEqual([name, name !== 'worker']);
  });

  test('control-group: whoever outlives the worker keeps the rest of its grace', async () => {
    const supervisor = Supervisor.start({
      command: [...tree, '--stubborn'],
      stop: { killMode: 'control-group', gracePeriodSeconds: 1 },
    });
    const pids = await treeOf(supervisor);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    for (const pid of pids.values()) expect(isRunning(pid)).toBe(false);
    const [exited] = supervisor.linesLike(/exited with/);
    const [killed] = supervisor.linesLike(/^Sent SIGKILL/);
    const waited = Date.parse(killed?.time ?? '') - Date.parse(exited?.time ?? '');
    expect(waited).toBeGreaterThan(700);
  });

  test('a string command stops with what its shell runs', async () => {
    const supervisor = Supervisor.start({
      command: 'sleep 1000 & echo child $!; echo ready $$; wait',
    });
    await supervisor.ready(1);
    const [, child] = /^child (\d+)/m.exec(supervisor.stdout) ?? [];
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(isRunning(Number(child))).toBe(false);
    expect(supervisor.linesLike(/SIGKILL/)).toEqual([]);
  });
});

test('a crashed worker’s child that holds its port does not fail the replacement', async () => {
  const supervisor = Supervisor.start({
    command: worker('--listen'),
    portBase: 20000 + (process.pid % 20000),
    reloadDelay: 0,
  });
  const [first = 0] = await supervisor.ready(2);
  await allGone([first]);
  expect(supervisor.linesLike(/exited with/)).toMatchObject([{ exitCode: 1 }]);
  expect(supervisor.stderr).not.toContain('EADDRINUSE');
});

test('a tree of three levels that ignores SIGTERM is gone after the stop', async () => {
  const supervisor = Supervisor.start({
    command: [...tree, '--stubborn', '--all'],
    stop: { gracePeriodSeconds: 0.5 },
  });
  const pids = await treeOf(supervisor);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  for (const pid of pids.values()) expect(isRunning(pid)).toBe(false);
});
