import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { catches, childrenOf, isRunning, processes } from '../helpers/processes.ts';
import { sendEarly } from '../helpers/early-signal.ts';
import { Pid1, UNSHARE } from '../helpers/pid-namespace.ts';
import { CLI, Program } from '../helpers/program.ts';
import { worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

async function allGone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) {
    await eventually(() => {
      expect([pid, isRunning(pid)]).toEqual([pid, false]);
    });
  }
}

test('it runs, replaces and stops as PID 1', async () => {
  const supervisor = Pid1.start({ workers: 2, command: worker() });
  await supervisor.ready(2);
  const outer = supervisor.outerPid;
  process.kill(await supervisor.outerPidOf(supervisor.pidOf(1)), 'SIGKILL');
  await supervisor.ready(3);
  expect(supervisor.linesLike(/exited/)).toMatchObject([{ worker: 1, exitCode: -9 }]);
  expect(supervisor.messages()).toContain('Started parent process [1]');
  expect(childrenOf(outer)).toHaveLength(2);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test('it is operated as PID 1: by signals, by a changed file, over its socket', async () => {
  const config = { command: worker(), reloadDelay: 0, reload: { watch: true } };
  const cwd = workspace({ 'supervisor.config.json': { ...config, metrics: { port: 0 } } });
  const supervisor = new Pid1(cwd, { args: ['--socket', 'control.sock'] });
  await supervisor.ready(1);
  supervisor.kill('SIGTTIN');
  await supervisor.ready(2);
  const changed = { ...config, metrics: { port: 0 }, env: { COLOUR: 'blue' } };
  writeFileSync(join(cwd, 'supervisor.config.json'), JSON.stringify(changed));
  await supervisor.logged(/^Rolling restart: finished/);
  await supervisor.ready(4);
  const operate = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [CLI, ...args, '--socket', 'control.sock'], {
      cwd,
      encoding: 'utf8',
    });
  expect(operate('status')).toContain('running: 2 of 2 workers ready (pid 1)');
  expect(operate('restart', '0')).toBe('restarted worker 0\n');
  expect(operate('stop')).toBe('stopped\n');
  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
});

/** Preloaded into a client: it takes its time to print what it was answered. */
const SLOW_PRINTER = `
const { write } = process.stdout;
process.stdout.write = (...args) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  return write.apply(process.stdout, args);
};`;

test('who asks for the stop inside the container has told it before the container is gone', async () => {
  const config = { command: worker(), metrics: { port: 0 } };
  const cwd = workspace({ 'supervisor.config.json': config, 'slow.cjs': SLOW_PRINTER });
  const supervisor = new Pid1(cwd, { args: ['--socket', 'control.sock'] });
  await supervisor.ready(1);
  const inside = ['--pid', `--target=${supervisor.outerPid}`, '--', process.execPath];
  const client = ['--require', './slow.cjs', CLI, 'stop', '--socket', 'control.sock'];
  expect(execFileSync('nsenter', [...inside, ...client], { cwd, encoding: 'utf8' })).toBe(
    'stopped\n',
  );
  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
});

test('5,000 orphans while eight workers crash: no zombie is left, every code is right', async () => {
  const perRun = 125;
  // in sessions of their own, so that no group's end takes them with it
  const script = `
    n=0
    while [ $n -lt ${perRun} ]; do (setsid sleep 0.05 &) ; n=$((n + 1)); done
    exit $((10 + SUPERVISOR_WORKER_INDEX))`;
  const supervisor = Pid1.start({
    workers: 8,
    command: script,
    reloadDelay: 0.01,
    log: { level: 'debug' },
  });
  const reaped = (): number =>
    supervisor.linesLike(/^Reaped/).reduce((sum, line) => sum + Number(line['count']), 0);
  await eventually(() => {
    expect(reaped()).toBeGreaterThan(5000);
  }, 120_000);
  const exits = supervisor.linesLike(/exited with/);
  // all runs but those that were still at it
  expect(exits.length).toBeGreaterThanOrEqual(5000 / perRun - 8);
  for (const line of exits) {
    expect(line).toMatchObject({ exitCode: 10 + (line.worker ?? NaN), reason: 'exit' });
  }
  const metrics = await supervisor.metrics();
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  const counted = [...metrics]
    .filter(([name]) => name.startsWith('supervisor_worker_exits_total'))
    .reduce((sum, [, value]) => sum + value, 0);
  expect(counted).toBeGreaterThanOrEqual(exits.length);
  expect(metrics.get('supervisor_orphans_reaped_total')).toBeGreaterThan(5000);
}, 150_000);

test('after a burst no zombie stays', async () => {
  const supervisor = Pid1.start({
    workers: 4,
    command:
      'n=0; while [ $n -lt 200 ]; do (setsid sleep 0.05 &); n=$((n + 1)); done; echo ready $$; exec sleep 1000',
  });
  await supervisor.ready(4);
  await eventually(() => {
    const inside = processes().filter(({ parent }) => parent === supervisor.outerPid);
    expect(inside).toHaveLength(4);
    expect(supervisor.zombies()).toEqual([]);
  });
});

describe('the end of PID 1', () => {
  test('a second SIGINT', async () => {
    const supervisor = Pid1.start({ workers: 3, command: worker('--ignore=SIGTERM') });
    await supervisor.ready(3);
    supervisor.kill('SIGINT');
    await supervisor.logged(/^Stopping child/);
    expect(await supervisor.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Killing/)).toHaveLength(3);
  });

  test.each(['SIGALRM', 'SIGABRT', 'SIGPWR', 'SIGPROF', 'SIGXCPU'] as const)(
    '%s, which its guard catches, ends it with 128 + n',
    async (signal) => {
      const supervisor = Pid1.start({ workers: 2, command: worker('--ignore=SIGTERM') });
      await supervisor.ready(2);
      const workers = childrenOf(supervisor.outerPid);
      supervisor.kill(signal);
      expect(await supervisor.ended).toEqual({
        code: 128 + constants.signals[signal],
        signal: null,
      });
      await allGone(workers);
    },
  );

  test('SIGUSR1 opens no debugger', async () => {
    const supervisor = Pid1.start({ command: worker('--tell=SIGUSR1'), reloadDelay: 60 });
    await supervisor.ready(1);
    supervisor.kill('SIGUSR1');
    await supervisor.logged(/exited with code 0/);
    expect(supervisor.stderr).not.toContain('Debugger');
  });

  test('a worker’s leftovers outside its group do not hold it', async () => {
    const supervisor = Pid1.start({
      command: 'setsid sleep 1000 & echo ready $$; exec sleep 1000',
    });
    await supervisor.ready(1);
    await eventually(() => {
      expect(childrenOf(supervisor.outerPid).length).toBeGreaterThan(0);
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });
});

test('a SIGWINCH that is to stop it is kept while it loads', async () => {
  const supervisor = Pid1.start({ command: worker(), signals: { SIGWINCH: 'stop' } });
  await eventually(() => {
    // the last of the signals that its first line listens to
    expect(catches(supervisor.outerPid, constants.signals.SIGTTOU)).toBe(true);
  });
  expect(await supervisor.stop('SIGWINCH')).toEqual({ code: 0, signal: null });
});

/** A bare script whose listener is its first line: nothing on Node can hear a signal earlier. */
const BARE = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 2 ** 30);`;

test('SIGTERM at every 5 ms of the first 300 ms after exec is honoured like by a bare script', async () => {
  const bare = workspace({ 'bare.js': BARE });
  const env = { PATH: process.env['PATH'] };
  const lost = { bare: 0, supervisor: 0 };
  for (let at = 0; at <= 300; at += 5) {
    const script = new Program([...UNSHARE, process.execPath, 'bare.js'], { cwd: bare, env });
    if (!(await sendEarly(script, at)).heard) lost.bare += 1;
    const supervisor = Pid1.start({ workers: 3, command: ['sleep', '1000'] });
    const { heard, listening } = await sendEarly(supervisor, at);
    if (!heard) lost.supervisor += 1;
    // its listeners come together: from the instant at which there is one, none is lost
    if (listening) expect([at, heard]).toEqual([at, true]);
    // the namespace ends with its PID 1, but nobody may have to be killed for that
    const started = supervisor.linesLike(/^Started child/).length;
    expect(supervisor.linesLike(/exited with/)).toHaveLength(started);
  }
  // Both lose what comes before their first line runs, and starts differ by some milliseconds. Had the
  // supervisor loaded everything before it listened, it would lose some twenty more.
  expect(lost.supervisor).toBeLessThanOrEqual(lost.bare + 10);
}, 300_000);
