import { symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { isRunning, processInfo, processes } from '../helpers/processes.ts';
import { CLI, Program } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { cliWithoutKoffi } from '../helpers/without-koffi.ts';
import { workspace } from '../helpers/workspace.ts';

async function allGone(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) {
    await eventually(() => {
      expect([pid, isRunning(pid)]).toEqual([pid, false]);
    });
  }
}

describe('signals that are sent on', () => {
  test.each(['SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
    '%s reaches every worker',
    async (signal) => {
      const supervisor = Supervisor.start({
        workers: 3,
        command: worker(`--tell=${signal}`),
        reloadDelay: 60,
      });
      await supervisor.ready(3);
      supervisor.kill(signal);
      await supervisor.logged(/exited with code 0/, 3);
      for (const index of [0, 1, 2]) expect(supervisor.stdout).toContain(`got ${signal} ${index}`);
      expect(supervisor.linesLike(/^Received/)).toMatchObject([{ signal, action: 'forward' }]);
      const metrics = await supervisor.metrics();
      expect(metrics.get(`supervisor_signals_received_total{signal="${signal}"}`)).toBe(1);
    },
  );

  test('SIGUSR1 opens no debugger', async () => {
    const supervisor = Supervisor.start({ command: worker('--ignore=SIGUSR1') });
    await supervisor.ready(1);
    supervisor.kill('SIGUSR1');
    await supervisor.logged(/^Received SIGUSR1/);
    await supervisor.get('/livez');
    expect(supervisor.stderr).not.toContain('Debugger');
    const refused = await new Promise((resolve) => {
      connect(9229, '127.0.0.1')
        .on('connect', () => {
          resolve('connected');
        })
        .on('error', (error: NodeJS.ErrnoException) => {
          resolve(error.code);
        });
    });
    expect(refused).toBe('ECONNREFUSED');
  });

  test('can be rewritten, dropped and added', async () => {
    const supervisor = Supervisor.start({
      command: worker('--tell=SIGQUIT'),
      reloadDelay: 60,
      signals: {
        SIGHUP: 'ignore',
        SIGUSR1: 'ignore',
        SIGQUIT: 'ignore',
        SIGPWR: { forward: 'SIGQUIT' },
      },
    });
    await supervisor.ready(1);
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGQUIT'] as const) {
      supervisor.kill(signal);
      await supervisor.logged(new RegExp(`^Received ${signal}`));
    }
    expect(supervisor.linesLike(/^Received/).map((line) => line['action'])).toEqual(
      Array(3).fill('ignore'),
    );
    expect(supervisor.linesLike(/exited/)).toEqual([]);
    supervisor.kill('SIGPWR');
    await supervisor.logged(/exited with code 0/);
    expect(supervisor.stdout).toContain('got SIGQUIT 0');
  });

  test.each(['SIGABRT', 'SIGIO'] as const)(
    '%s, which has a second name, can be ignored without harm',
    async (signal) => {
      const supervisor = Supervisor.start({ command: worker(), signals: { [signal]: 'ignore' } });
      const [pid = 0] = await supervisor.ready(1);
      supervisor.kill(signal);
      await supervisor.logged(new RegExp(`^Received ${signal}`));
      await supervisor.get('/livez');
      expect(supervisor.linesLike(/^Received/)).toHaveLength(1);
      expect(supervisor.linesLike(/exited/)).toEqual([]);
      // the last guard is still there
      supervisor.kill('SIGALRM');
      await supervisor.ended;
      await allGone([pid]);
    },
  );

  test('another signal can stop, and workers start with default dispositions', async () => {
    const supervisor = Supervisor.start({
      command: 'cat /proc/self/status; exec sleep 1000',
      signals: { SIGALRM: 'stop' },
    });
    await eventually(() => {
      expect(supervisor.stdout).toMatch(/SigBlk:\s0+\nSigIgn:\s0+\nSigCgt:\s0+\n/);
    });
    expect(await supervisor.stop('SIGALRM')).toEqual({ code: 0, signal: null });
  });
});

describe('whatever it can catch, no worker outlives it', () => {
  const ending = [
    'SIGABRT',
    'SIGALRM',
    'SIGIO',
    'SIGPROF',
    'SIGPWR',
    'SIGSTKFLT',
    'SIGSYS',
    'SIGTRAP',
    'SIGVTALRM',
    'SIGXCPU',
    'SIGXFSZ',
  ] as const;

  test.each(ending)('%s', async (signal) => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker('--ignore=SIGTERM', '--child'),
    });
    const pids = await supervisor.ready(2);
    const children = [...supervisor.stdout.matchAll(/^child (\d+)/gm)].map(([, pid]) =>
      Number(pid),
    );
    supervisor.kill(signal);
    const { code, signal: by } = await supervisor.ended;
    expect(by ?? code).toBe(by === null ? 128 + constants.signals[signal] : signal);
    await allGone([...pids, ...children]);
  });

  test('an uncaught exception is logged as ours, stops in order and makes the status 1', async () => {
    const cwd = workspace({
      'supervisor.config.json': { workers: 2, command: worker(), metrics: { port: 0 } },
      'throw.cjs': `process.on('SIGCONT', () => { throw new Error('thrown by a test'); });`,
    });
    const supervisor = new Supervisor(cwd, { node: ['--require', join(cwd, 'throw.cjs')] });
    const pids = await supervisor.ready(2);
    supervisor.kill('SIGCONT');
    expect(await supervisor.ended).toEqual({ code: 1, signal: null });
    expect(supervisor.linesLike(/^Uncaught exception/)).toMatchObject([
      {
        level: 'error',
        msg: 'Uncaught exception: thrown by a test',
        stack: expect.any(String) as unknown,
      },
    ]);
    expect(supervisor.linesLike(/^Stopping child/)).toHaveLength(2);
    await allGone(pids);
  });

  test('an exception of the loop itself', async () => {
    const cwd = workspace({
      'supervisor.config.json': { workers: 2, command: worker(), metrics: { port: 0 } },
      'break.cjs': `process.on('SIGCONT', () => {
        process.uptime = () => { throw new Error('no clock'); };
      });`,
    });
    const supervisor = new Supervisor(cwd, { node: ['--require', join(cwd, 'break.cjs')] });
    const pids = await supervisor.ready(2);
    supervisor.kill('SIGCONT');
    supervisor.kill('SIGUSR2');
    expect(await supervisor.ended).toEqual({ code: 1, signal: null });
    expect(supervisor.linesLike(/^Uncaught exception: no clock/)).toHaveLength(1);
    await allGone(pids);
  });

  test('V8’s profiler, which uses SIGPROF, is none of that', async () => {
    const supervisor = Supervisor.start({ command: worker() }, { node: ['--cpu-prof'] });
    await supervisor.ready(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('process.exit', async () => {
    const cwd = workspace({
      'supervisor.config.json': { workers: 2, command: worker(), metrics: { port: 0 } },
      'exit.cjs': `process.on('SIGCONT', () => process.exit(5));`,
    });
    const supervisor = new Supervisor(cwd, { node: ['--require', join(cwd, 'exit.cjs')] });
    const pids = await supervisor.ready(2);
    supervisor.kill('SIGCONT');
    expect((await supervisor.ended).code).toBe(5);
    await allGone(pids);
  });

  test('with parentDeathSignal not even SIGKILL leaves one', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker(),
      parentDeathSignal: 'SIGKILL',
    });
    const pids = await supervisor.ready(2);
    supervisor.kill('SIGKILL');
    await supervisor.ended;
    await allGone(pids);
  });

  test('parentDeathSignal without setpriv is an error that names the file and the program', async () => {
    const bin = workspace();
    symlinkSync(process.execPath, join(bin, 'node'));
    const supervisor = Supervisor.start(
      { command: ['node', '-e', '0'], parentDeathSignal: 'SIGTERM' },
      { env: { PATH: bin } },
    );
    expect(await supervisor.ended).toEqual({ code: 2, signal: null });
    expect(supervisor.stderr).toBe(
      'supervisor.config.json: /parentDeathSignal: expected setpriv (of util-linux) in PATH, which it needs, found none\n',
    );
  });

  test('parentDeathSignal hides no error of the command', async () => {
    const supervisor = Supervisor.start({ command: ['no-such-app'], parentDeathSignal: 'SIGTERM' });
    expect((await supervisor.ended).code).toBe(127);
    expect(supervisor.stderr).toContain('\\"no-such-app\\" was not found');
  });
});

test('a terminal that hangs up stops it in order', async () => {
  const cwd = workspace({
    'supervisor.config.json': {
      workers: 2,
      command: worker(),
      metrics: { port: 0 },
      log: { format: 'json' },
    },
  });
  const terminal = new Program(
    ['script', '-qec', `exec ${process.execPath} ${CLI} 2>log`, '/dev/null'],
    { cwd, env: { PATH: process.env['PATH'], SHELL: '/bin/sh' } },
  );
  const pids = await eventually(() => {
    const found = [...terminal.stdout.matchAll(/^ready (\d+)/gm)].map(([, pid]) => Number(pid));
    expect(found).toHaveLength(2);
    return found;
  });
  const supervisor = processInfo(pids[0] ?? 0)?.parent ?? 0;
  terminal.kill('SIGKILL');
  await allGone([...pids, supervisor]);
});

describe('reaping outside a PID namespace', () => {
  /** A worker whose child in a session of its own is orphaned and ends. */
  const orphaning =
    'setsid sh -c "sleep 0.2 & echo orphan \\$!" & wait; echo ready $$; exec sleep 1000';

  test('as a subreaper it reaps what it adopts', async () => {
    const supervisor = Supervisor.start({
      command: orphaning,
      subreaper: true,
      log: { level: 'debug' },
    });
    await supervisor.ready(1);
    await supervisor.logged(/^Reaped orphaned processes/);
    const children = processes().filter(({ parent }) => parent === supervisor.pid);
    expect(children.filter(({ state }) => state === 'Z')).toEqual([]);
    expect(supervisor.linesLike(/exited with/)).toEqual([]);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('else there is nothing to reap, and nothing is said', async () => {
    const supervisor = Supervisor.start({ command: orphaning, log: { level: 'debug' } });
    await supervisor.ready(1);
    await supervisor.stop();
    expect(supervisor.linesLike(/[Rr]eap|koffi/)).toEqual([]);
  });

  test('without koffi it says so once, with the remedy, and everything else works', async () => {
    const cwd = workspace({
      'supervisor.config.json': { command: worker(), subreaper: true, metrics: { port: 0 } },
    });
    const supervisor = new Supervisor(cwd, {}, cliWithoutKoffi());
    await supervisor.ready(1);
    const [notice] = await supervisor.logged(/koffi/);
    expect(notice).toMatchObject({ level: 'warn' });
    expect(notice?.msg).toMatch(
      /^Orphaned processes will stay zombies.*put an init in front \(tini/,
    );
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/koffi/)).toHaveLength(1);
  });
});

describe('exit fidelity', () => {
  test('all of 0 to 255', async () => {
    const supervisor = Supervisor.start({
      workers: 256,
      command: 'exit $SUPERVISOR_WORKER_INDEX',
      reloadDelay: 600,
    });
    const exits = await supervisor.logged(/exited with code/, 256);
    const metrics = await supervisor.metrics();
    for (const line of exits) {
      const code = line.worker ?? NaN;
      expect(line).toMatchObject({
        exitCode: code,
        reason: 'exit',
        level: code === 0 ? 'info' : 'error',
      });
      const labels = `worker="${code}",code="${code}",signal="",reason="exit"`;
      expect(metrics.get(`supervisor_worker_exits_total{${labels}}`)).toBe(1);
    }
  });

  test('every signal that ends a process', async () => {
    const spared = new Set([
      'SIGCHLD',
      'SIGCONT',
      'SIGURG',
      'SIGWINCH',
      'SIGSTOP',
      'SIGTSTP',
      'SIGTTIN',
      'SIGTTOU',
    ]);
    const fatal = new Map(
      Object.entries(constants.signals)
        .filter(([name]) => !spared.has(name))
        .map(([name, number]) => [number, name]),
    );
    const supervisor = Supervisor.start({
      workers: 32,
      // a worker whose index is no fatal signal exits with 0
      command: `case " ${[...fatal.keys()].join(' ')} " in *" $SUPERVISOR_WORKER_INDEX "*) kill -$SUPERVISOR_WORKER_INDEX $$;; esac; exit 0`,
      reloadDelay: 600,
    });
    const exits = await supervisor.logged(/exited with code/, 32);
    const metrics = await supervisor.metrics();
    for (const number of fatal.keys()) {
      const line = exits.find((each) => each.worker === number);
      expect(line).toMatchObject({ exitCode: -number, reason: 'signal' });
      expect(constants.signals[line?.['signal'] as NodeJS.Signals]).toBe(number);
      const labels = `worker="${number}",code="${128 + number}",signal="${String(line?.['signal'])}",reason="signal"`;
      expect(metrics.get(`supervisor_worker_exits_total{${labels}}`)).toBe(1);
    }
    expect(fatal.size).toBeGreaterThan(20);
  });
});
