import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { Operated } from '../helpers/config-file.ts';
import { eventually } from '../helpers/eventually.ts';
import { isRunning } from '../helpers/processes.ts';
import { CLI } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';

type UserConfig = Readonly<Record<string, unknown>>;

/** A supervisor with a control socket in its working directory. */
function operated(config: UserConfig = {}): Operated {
  const control = { socket: 'control.sock' };
  return new Operated({ workers: 2, command: worker(), reloadDelay: 0, control, ...config });
}

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program beside the supervisor, as its operator does; it waits for the outcome. */
function operate(supervisor: Operated, ...args: readonly string[]): Said {
  const cwd = join(supervisor.file, '..');
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    timeout: 30_000,
  });
  return { code: status, stdout, stderr };
}

function done(message: string): Said {
  return { code: 0, stdout: `${message}\n`, stderr: '' };
}

function pidsOf(supervisor: Operated): readonly (number | null)[] {
  const { workers } = JSON.parse(operate(supervisor, 'status', '--json').stdout) as {
    workers: { pid: number | null }[];
  };
  return workers.map(({ pid }) => pid);
}

describe('what an operator asks for', () => {
  test('status: a table for people, JSON for programs', async () => {
    const supervisor = operated();
    const pids = await supervisor.ready(2);
    const { code, stdout } = operate(supervisor, 'status');
    expect(code).toBe(0);
    expect(stdout).toContain('running: 2 of 2 workers ready');
    for (const pid of pids) expect(stdout).toContain(String(pid));
    const json: unknown = JSON.parse(operate(supervisor, 'status', '--json').stdout);
    const http: unknown = JSON.parse((await supervisor.get('/status')).body);
    expect(json).toMatchObject({ pid: supervisor.pid, desired: 2, ready: 2 });
    expect(Object.keys(json as object)).toEqual(Object.keys(http as object));
  });

  test('scale: the answer comes when they run, or are gone', async () => {
    const supervisor = operated({ command: worker('--stop-takes=200') });
    await supervisor.ready(2);
    expect(operate(supervisor, 'scale', '4')).toEqual(done('scaled from 2 to 4 workers'));
    const pids = pidsOf(supervisor);
    expect(pids).toHaveLength(4);
    await supervisor.ready(4);
    expect(operate(supervisor, 'scale', '1')).toEqual(done('scaled from 4 to 1 workers'));
    expect(pids.map((pid) => isRunning(pid ?? 0))).toEqual([true, false, false, false]);
    expect(operate(supervisor, 'scale', '1')).toEqual(done('1 workers, as before'));
    expect(operate(supervisor, 'scale', '0')).toEqual(done('scaled from 1 to 0 workers'));
    expect(pidsOf(supervisor)).toEqual([]);
    const asked = supervisor.linesLike(/^Asked for/);
    expect(asked[0]).toMatchObject({ level: 'info', msg: 'Asked for: scale', workers: 4 });
  });

  test('restart: all of them, or one', async () => {
    const supervisor = operated();
    await supervisor.ready(2);
    const first = pidsOf(supervisor);
    expect(operate(supervisor, 'restart')).toEqual(done('restarted 2 workers'));
    const second = pidsOf(supervisor);
    for (const pid of second) expect(first).not.toContain(pid);
    expect(operate(supervisor, 'restart', '1')).toEqual(done('restarted worker 1'));
    const third = pidsOf(supervisor);
    expect(third[0]).toBe(second[0]);
    expect(third[1]).not.toBe(second[1]);
    expect(operate(supervisor, 'restart', '2')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'expected a worker from 0 to 1, found 2\n',
    });
  });

  test('reload: the answer comes when all of it applies, or says every problem', async () => {
    const supervisor = operated();
    await supervisor.ready(2);
    const before = pidsOf(supervisor);
    supervisor.change({ workers: 3, env: { COLOUR: 'blue' } });
    expect(operate(supervisor, 'reload')).toEqual(
      done('reloaded supervisor.config.json: changed /workers, /env/COLOUR'),
    );
    const after = pidsOf(supervisor);
    expect(after).toHaveLength(3);
    for (const pid of before) expect(after).not.toContain(pid);
    supervisor.change({ workers: 'many', colour: 1 });
    const refused = operate(supervisor, 'reload');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('/workers: expected');
    expect(refused.stderr).toContain('/colour: expected');
    expect(pidsOf(supervisor)).toEqual(after);
  });

  test('a rollout that is aborted is no success', async () => {
    const supervisor = operated({ minReadySeconds: 0.2 });
    await supervisor.ready(2);
    await eventually(() => {
      expect(operate(supervisor, 'status').stdout).toContain('2 of 2 workers ready');
    });
    supervisor.change({ command: worker('--exit=3') });
    expect(operate(supervisor, 'reload')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'worker 0 ended with code 3 before it was ready\n',
    });
  });

  test('a scale-up whose worker fails is no success, though it is tried again', async () => {
    const command = worker('--exit=3', '--only=2');
    const supervisor = operated({ command, minReadySeconds: 0.5, reloadDelay: 0.5 });
    await supervisor.ready(2);
    const { code, stderr } = operate(supervisor, 'scale', '3');
    expect([code, stderr]).toEqual([1, 'worker 2 ended with code 3 before it was ready\n']);
    await supervisor.logged(/exited with code 3/, 2);
  });

  test('a newer operation ends the wait of an older one', async () => {
    const supervisor = operated({ minReadySeconds: 60 });
    await supervisor.ready(2);
    const older = operate(supervisor, 'scale', '3', '--no-wait');
    expect(older).toEqual(done('asked for: scale 3'));
    const waiting = operateLater(supervisor, 'scale', '4');
    await supervisor.logged(/^Scaling from 3 to 4/);
    operate(supervisor, 'scale', '0');
    expect(await waiting).toMatchObject({
      code: 1,
      stderr: 'it was scaled to 0 workers meanwhile\n',
    });
  });

  test('stop: the answer comes when every worker is gone; then nobody is there', async () => {
    const supervisor = operated({ command: worker('--stop-takes=200') });
    const pids = await supervisor.ready(2);
    expect(operate(supervisor, 'stop')).toEqual(done('stopped'));
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect((await supervisor.ended).code).toBe(0);
    expect(existsSync(join(supervisor.file, '..', 'control.sock'))).toBe(false);
    const { code, stderr } = operate(supervisor, 'status');
    expect(code).toBe(3);
    expect(stderr).toContain('control.sock');
  });

  test('during a stop it is refused, and who waits is told', async () => {
    const supervisor = operated({ command: worker('--stop-takes=1500'), minReadySeconds: 60 });
    await supervisor.ready(2);
    const waiting = operateLater(supervisor, 'scale', '3');
    await supervisor.ready(3);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Stopping child/);
    expect(operate(supervisor, 'restart')).toMatchObject({
      code: 1,
      stderr: 'the supervisor is stopping\n',
    });
    expect(await waiting).toMatchObject({ code: 1, stderr: 'the supervisor is stopping\n' });
    expect((await supervisor.ended).code).toBe(0);
  });

  test('a broken file does not keep an operator from asking', async () => {
    const supervisor = operated();
    await supervisor.ready(2);
    writeFileSync(supervisor.file, '{');
    expect(operate(supervisor, 'status', '--socket', 'control.sock').code).toBe(0);
    supervisor.change({ workers: 'many' });
    expect(operate(supervisor, 'status').code).toBe(0);
  });
});

describe('the socket', () => {
  test('is not there unless it is configured', async () => {
    const supervisor = new Operated({ command: worker() });
    await supervisor.ready(1);
    const { code, stderr } = operate(supervisor, 'status');
    expect(code).toBe(2);
    expect(stderr).toContain('/control/socket: expected a path, found nothing');
  });

  test('one that a killed supervisor has left is replaced; a live one is refused before any start', async () => {
    const first = operated();
    const workers = await first.ready(2);
    const socket = join(first.file, '..', 'control.sock');
    const args = ['--socket', socket];
    const second = new Operated({ command: worker() }, { args });
    expect((await second.ended).code).toBe(1);
    expect(
      second.linesLike(/\/control\/socket: expected a path that nobody listens on/),
    ).toMatchObject([{ level: 'error' }]);
    expect(second.linesLike(/^Started child/)).toEqual([]);
    expect(operate(first, 'status').code).toBe(0);
    first.kill('SIGKILL');
    await eventually(() => {
      expect(isRunning(first.pid)).toBe(false);
    });
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    expect(existsSync(socket)).toBe(true);
    const third = new Operated({ command: worker() }, { args });
    await third.ready(1);
    expect(operate(third, 'status', ...args).code).toBe(0);
  });

  test('bad, huge and hanging clients hurt nobody, and leave no descriptor', async () => {
    const supervisor = operated();
    await supervisor.ready(2);
    const path = join(supervisor.file, '..', 'control.sock');
    const clients = Array.from({ length: 300 }, (_, index) => {
      const client = connect(path).on('error', () => undefined);
      if (index % 3 === 0) client.write('{"command":"sta');
      if (index % 3 === 1) client.write(Buffer.alloc(1 << 20, 0xff));
      return client;
    });
    expect(operate(supervisor, 'scale', '3')).toEqual(done('scaled from 2 to 3 workers'));
    expect((await supervisor.get('/livez')).status).toBe(200);
    for (const client of clients) client.destroy();
    await eventually(() => {
      const descriptors = execFileSync('ls', [`/proc/${supervisor.pid}/fd`], { encoding: 'utf8' });
      expect(descriptors.trim().split('\n').length).toBeLessThan(60);
    });
  });
});

/** As `operate`, while the test goes on. */
async function operateLater(supervisor: Operated, ...args: readonly string[]): Promise<Said> {
  const cwd = join(supervisor.file, '..');
  const program = new Supervisor(cwd, { args });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}
