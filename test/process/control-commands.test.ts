import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { createControlServer } from '../../src/control/server.ts';
import { listenOnSocket } from '../../src/control/socket.ts';
import type { Operation, OperationResult } from '../../src/core/operation.ts';
import { CLI, Program } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { statusDocument, workerDocument } from '../page/documents.ts';

const STATUS = statusDocument([workerDocument()], { pid: 42 });

const undo: (() => void)[] = [];

afterEach(() => {
  for (const each of undo.splice(0)) each();
});

interface Fake {
  readonly path: string;
  readonly asked: { readonly operation: Operation; readonly wait: boolean }[];
}

/** A supervisor that gives every operation this result. */
async function supervisor(
  directory: string,
  result: OperationResult = { outcome: 'done', message: 'It is done.' },
): Promise<Fake> {
  const fake: Fake = { path: join(directory, 'control.sock'), asked: [] };
  const server = createControlServer({
    status: () => STATUS,
    operate: (operation, wait) => {
      fake.asked.push({ operation, wait });
      return Promise.resolve(result);
    },
  });
  const socket = await listenOnSocket(fake.path, server.accept);
  undo.push(() => {
    socket.close();
    void server.close();
  });
  return fake;
}

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  cwd: string,
  args: readonly string[],
  { env = {}, prefix = [] }: { env?: NodeJS.ProcessEnv; prefix?: readonly string[] } = {},
): Promise<Result> {
  const program = new Program([...prefix, process.execPath, CLI, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
  });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const CONFIG = { command: ['app'], control: { socket: 'control.sock' } };

describe('a running supervisor is asked', () => {
  test('for its status, in words or as JSON', async () => {
    const cwd = workspace({ 'supervisor.config.json': CONFIG });
    await supervisor(cwd);
    const { code, stdout, stderr } = await run(cwd, ['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^running: 1 of 1 worker ready \(pid 42\)\nINDEX {2}STATE .*\n0 .*\n$/);
    expect(await run(cwd, ['status', '--json'])).toEqual({
      code: 0,
      stdout: `${JSON.stringify(STATUS, null, 2)}\n`,
      stderr: '',
    });
  });

  test.each<[readonly string[], Operation, boolean]>([
    [['scale', '3'], { type: 'scale', workers: 3 }, true],
    [['scale', '0', '--no-wait'], { type: 'scale', workers: 0 }, false],
    [['restart'], { type: 'restart', worker: null }, true],
    [['restart', '0'], { type: 'restart', worker: 0 }, true],
    [['reload'], { type: 'reload' }, true],
    [['stop', '--no-wait'], { type: 'stop' }, false],
  ])('%j', async (args, operation, wait) => {
    const cwd = workspace({ 'supervisor.config.json': CONFIG });
    const { asked } = await supervisor(cwd);
    expect(await run(cwd, args)).toEqual({ code: 0, stdout: 'It is done.\n', stderr: '' });
    expect(asked).toEqual([{ operation, wait }]);
  });

  test.each(['refused', 'aborted'] as const)('and says 1 where it has %s', async (outcome) => {
    const cwd = workspace({ 'supervisor.config.json': CONFIG });
    await supervisor(cwd, { outcome, message: 'It is not.' });
    expect(await run(cwd, ['reload'])).toEqual({ code: 1, stdout: '', stderr: 'It is not.\n' });
  });

  test('and says 1 where this user may not', async () => {
    const cwd = workspace();
    const { path } = await supervisor(cwd);
    const script = `process.setuid(65534); process.argv.splice(1, 0, ''); require(${JSON.stringify(CLI)})`;
    // from a directory that this user may read: Node looks for a package.json there
    const program = new Program([process.execPath, '-e', script, 'status', '--socket', path], {
      cwd: '/',
      env: process.env,
    });
    expect((await program.ended).code).toBe(1);
    expect(program.stderr).toBe(
      `${path}: only the owner of the socket and root may ask (EACCES); run this as the supervisor's user\n`,
    );
  });

  test('and says 3 where nobody is there', async () => {
    const cwd = workspace({ 'supervisor.config.json': CONFIG });
    for (const args of [['status'], ['scale', '2'], ['stop']]) {
      expect(await run(cwd, args)).toEqual({
        code: 3,
        stdout: '',
        stderr: 'control.sock: no supervisor listens there (ENOENT)\n',
      });
    }
  });
});

describe('its socket', () => {
  test.each<[string, Readonly<Record<string, unknown>>, readonly string[], NodeJS.ProcessEnv]>([
    ['the flag, first', {}, ['--socket', 'control.sock'], { SUPERVISOR_CONTROL_SOCKET: 'other' }],
    [
      'the variable, before the file',
      { 'supervisor.config.json': { control: { socket: 'other' } } },
      [],
      { SUPERVISOR_CONTROL_SOCKET: 'control.sock' },
    ],
    ['the file that is found', { '.supervisorrc': 'control: { socket: control.sock }' }, [], {}],
    ['the file that is named', { 'a.json': CONFIG }, ['-c', 'a.json'], {}],
    ['the file of the variable', { 'a.json': CONFIG }, [], { SUPERVISOR_CONFIG: 'a.json' }],
    [
      'a file that is not valid otherwise',
      {
        'supervisor.config.json': {
          ...CONFIG,
          command: [],
          sotp: 1,
          control: { ...CONFIG.control, x: 1 },
        },
      },
      [],
      { SUPERVISOR_CONTROL_SOCKET: '', SUPERVISOR_WORKERS: 'bad' },
    ],
    [
      'the flag, though the file is broken',
      { 'supervisor.config.json': '{' },
      ['--socket', 'control.sock'],
      {},
    ],
  ])('is that of %s', async (_, files, args, env) => {
    const cwd = workspace(files);
    await supervisor(cwd);
    const { code, stderr } = await run(cwd, ['status', ...args], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  const hint = 'name the socket with --socket or SUPERVISOR_CONTROL_SOCKET';

  test.each<[string, Readonly<Record<string, unknown>>, readonly string[], string]>([
    [
      'no key',
      { 'supervisor.config.json': { command: ['app'] } },
      [],
      `supervisor.config.json: /control/socket: expected a path, found nothing; set it and start the supervisor anew, or ${hint}\n`,
    ],
    [
      'false',
      { 'supervisor.config.json': { control: { socket: false } } },
      [],
      `supervisor.config.json: /control/socket: expected a path, found false; set it and start the supervisor anew, or ${hint}\n`,
    ],
    [
      'a file of another kind',
      { 'supervisor.config.yaml': '- control' },
      [],
      `supervisor.config.yaml: /control/socket: expected a path, found nothing; set it and start the supervisor anew, or ${hint}\n`,
    ],
    ['a broken file', { 'supervisor.config.json': '{' }, [], hint],
    ['no file', {}, [], `found none; name one with -c FILE, or ${hint}\n`],
    [
      'another file',
      {},
      ['-c', 'absent.json'],
      `absent.json: expected a file, found none; ${hint}\n`,
    ],
  ])('cannot be had of %s, which is bad usage', async (_, files, args, message) => {
    const { code, stdout, stderr } = await run(workspace(files), ['status', ...args]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
