import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { probeExec } from '../../src/probes/exec.ts';
import type { ExecPlace } from '../../src/probes/exec.ts';
import type { ProbeOutcome } from '../../src/probes/outcome.ts';
import { eventually } from '../helpers/eventually.ts';
import { isRunning, processes } from '../helpers/processes.ts';
import { workspace } from '../helpers/workspace.ts';
import { endOnce, outcomeOf } from './servers.ts';

const PATH = process.env['PATH'] ?? '';

const SUCCESSFUL = { result: 'successful', message: '' };

async function run(
  command: readonly string[],
  { env = { PATH }, workingDir = null }: Partial<ExecPlace> = {},
): Promise<ProbeOutcome> {
  const leaders = new Set<number>();
  const outcome = await outcomeOf((done) =>
    probeExec({ type: 'exec', command }, { env, workingDir }, leaders, done),
  );
  expect([...leaders]).toEqual([]);
  return outcome;
}

/** By /bin/sh, in a directory of its own, which is `$DIR`. */
function shell(script: string, dir = workspace()): Promise<ProbeOutcome> {
  return run(['sh', '-c', script], { env: { PATH, DIR: dir } });
}

async function writtenPid(dir: string): Promise<number> {
  return eventually(() => {
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  });
}

describe('the exit status', () => {
  test('0 is successful, whatever is written', async () => {
    expect(await shell('echo out; echo err >&2')).toEqual(SUCCESSFUL);
  });

  test('any other is a failure, with what was written', async () => {
    expect(await shell('exit 3')).toEqual({ result: 'failed', message: 'exit status 3' });
    expect(await shell('echo not "  " yet; printf "\\033[1m"; exit 127')).toEqual({
      result: 'failed',
      message: 'exit status 127: not yet [1m',
    });
    expect(await shell('echo err >&2; exit 1')).toMatchObject({ message: 'exit status 1: err' });
  });

  test('a death by a signal is a failure', async () => {
    expect(await shell('kill -SEGV $$')).toEqual({ result: 'failed', message: 'ended by SIGSEGV' });
  });

  test('is told with the last words of many at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        shell(`echo ${index}; echo last ${index} >&2; exit 1`),
      ),
    );
    for (const [index, { message }] of outcomes.entries()) {
      // two pipes have no order
      expect([
        `exit status 1: ${index} last ${index}`,
        `exit status 1: last ${index} ${index}`,
      ]).toContain(message);
    }
  });
});

describe('the command', () => {
  test("has the worker's environment alone", async () => {
    const env = { PATH, NAME: 'a b' };
    const { message } = await run(['sh', '-c', 'echo "$NAME|$HOME|"; exit 1'], { env });
    expect(message).toBe('exit status 1: a b||');
  });

  test("has the worker's working directory, where a relative program is", async () => {
    const workingDir = workspace({ 'sub/here': '' });
    expect(await run(['test', '-e', 'sub/here'], { workingDir })).toEqual(SUCCESSFUL);
    expect(await run(['test', '-e', 'sub/here'])).toMatchObject({ result: 'failed' });
  });

  test('is run without a shell', async () => {
    expect(await run(['test', '$PATH;', '=', '$PATH;'])).toEqual(SUCCESSFUL);
  });

  test('has an empty standard input and a process group of its own', async () => {
    const { message } = await shell('cat; cut -d" " -f1,5 /proc/$$/stat; exit 1');
    const [pid, group] = message.replace('exit status 1: ', '').split(' ');
    expect(pid).toBe(group);
  });

  test('may write more than is kept', async () => {
    const { message } = await shell('head -c 1000000 /dev/zero | tr "\\0" x; exit 1');
    expect(message).toBe(`exit status 1: ${'x'.repeat(1024)}`);
  });

  test('may be cut in the middle of a character', async () => {
    const { message } = await run(['sh', '-c', `printf %s "$TEXT"; exit 1`], {
      env: { PATH, TEXT: `x${'é'.repeat(600)}` },
    });
    expect(message).toBe(`exit status 1: x${'é'.repeat(511)}`);
  });
});

describe('the process group', () => {
  test('gets SIGKILL once its leader is gone', async () => {
    const dir = workspace();
    expect(await shell('sleep 1000 & echo $! > "$DIR/pid"', dir)).toEqual(SUCCESSFUL);
    const pid = await writtenPid(dir);
    await eventually(() => {
      expect(isRunning(pid)).toBe(false);
    });
  });

  test('whoever has left it and holds the pipe is not waited for', async () => {
    const dir = workspace();
    const script = 'setsid sh -c \'echo $$ > "$DIR/pid"; exec sleep 1000\' & ';
    const wait = 'while [ ! -s "$DIR/pid" ]; do :; done; echo done; exit 1';
    expect(await shell(script + wait, dir)).toEqual({
      result: 'failed',
      message: 'exit status 1: done',
    });
    const pid = await writtenPid(dir);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  test('gets SIGKILL when the probe is ended', async () => {
    const dir = workspace();
    const leaders = new Set<number>();
    const command = ['sh', '-c', 'trap "" TERM; sleep 1000 & echo $! > "$DIR/pid"; wait'];
    const place = { env: { PATH, DIR: dir }, workingDir: null };
    let group = 0;
    await endOnce(
      (done) => probeExec({ type: 'exec', command }, place, leaders, done),
      async () => {
        await writtenPid(dir);
        group = [...leaders][0] ?? 0;
        expect(processes().filter((each) => each.group === group).length).toBe(2);
      },
      () => {
        const left = processes().filter((each) => each.group === group && each.state !== 'Z');
        expect({ left, leaders: [...leaders] }).toEqual({ left: [], leaders: [] });
      },
    );
  });
});

describe('a command that cannot be run is no fault of the worker', () => {
  test.each([
    ['no-such-program', 'exec: command: "no-such-program" was not found: it is nowhere in PATH'],
    ['/no/such/program', 'exec: command: "/no/such/program" was not found: no such file'],
    ['/etc/passwd', /^exec: command: expected an executable file, found "\/etc\/passwd"/],
    ['', 'exec: command: "" was not found: it is nowhere in PATH'],
  ])('%j', async (file, message) => {
    expect(await run([file])).toEqual({
      result: 'unknown',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  test('a missing working directory', async () => {
    const { result, message } = await run(['true'], { workingDir: '/no/such' });
    expect(result).toBe('unknown');
    expect(message).toMatch(/^exec: workingDir: expected an existing directory/);
  });

  test('an environment that is too large', async () => {
    const { result, message } = await run(['true'], { env: { PATH, X: 'x'.repeat(10_000_000) } });
    expect(result).toBe('unknown');
    expect(message).toMatch(/E2BIG/);
  });
});
