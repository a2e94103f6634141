import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { listenOnSocket } from '../../src/control/socket.ts';
import { ListenError } from '../../src/observe/listen.ts';
import { bundled } from '../helpers/bundled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Program } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

/** The user with the fewest rights. */
const NOBODY = 65534;

const undo: (() => void)[] = [];

afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** What new files of this process may not be. */
function umask(): string | undefined {
  return /^Umask:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
}

/** Listens until the end of the test and greets whoever comes. */
async function listening(path: string): Promise<() => void> {
  const socket = await listenOnSocket(path, (client) => {
    // one that only looks whether somebody is there does not read
    client.on('error', () => undefined).end('hello');
  });
  const close = (): void => {
    socket.close();
  };
  undo.push(close);
  return close;
}

async function refusal(path: string): Promise<string> {
  const error: unknown = await listening(path).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ListenError);
  return (error as Error).message;
}

function greeting(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    connect(path).once('error', reject).setEncoding('utf8').once('data', resolve);
  });
}

/** A process that listens on the socket. */
async function listener(path: string): Promise<Program> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const program = new Program([process.execPath, '-e', script], { cwd: '/', env: process.env });
  await eventually(() => {
    expect(program.stdout).toBe('up\n');
  });
  return program;
}

describe('the socket', () => {
  test('is for its owner alone, and is removed in the end', async () => {
    const path = join(workspace(), 'control.sock');
    const before = umask();
    const close = await listening(path);
    const stats = statSync(path);
    expect(stats.isSocket()).toBe(true);
    expect(stats.mode & 0o777).toBe(0o600);
    expect(umask()).toBe(before);
    expect(await greeting(path)).toBe('hello');
    close();
    expect(existsSync(path)).toBe(false);
  });

  test('has its mode from its first instant', async () => {
    const path = join(workspace(), 'control.sock');
    const bound = listening(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await bound;
  });

  test('lets root in, and no other user', async () => {
    const directory = workspace();
    chmodSync(directory, 0o755);
    const path = join(directory, 'control.sock');
    await listening(path);
    const script = `
      require('node:net').connect(${JSON.stringify(path)})
        .on('error', ({ code }) => console.log(code))
        .on('data', (data) => { console.log(String(data)); process.exit(); });`;
    for (const [uid, expected] of [
      [0, 'hello\n'],
      [NOBODY, 'EACCES\n'],
    ] as const) {
      const setting = `process.setuid(${uid});`;
      const program = new Program([process.execPath, '-e', setting + script], {
        cwd: '/',
        env: process.env,
      });
      await program.ended;
      expect(program.stdout).toBe(expected);
    }
  });
});

describe('a path that is taken', () => {
  test('by a process that was killed is taken over', async () => {
    const path = join(workspace(), 'control.sock');
    const dead = await listener(path);
    dead.kill('SIGKILL');
    await dead.ended;
    expect(existsSync(path)).toBe(true);
    await listening(path);
    expect(await greeting(path)).toBe('hello');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('by a live process is left to it', async () => {
    const path = join(workspace(), 'control.sock');
    await listening(path);
    expect(await refusal(path)).toBe(
      `/control/socket: expected a path that nobody listens on, found "${path}" in use; choose another with --socket`,
    );
    expect(await greeting(path)).toBe('hello');
  });

  test('by a process that is halted is left to it', async () => {
    const path = join(workspace(), 'control.sock');
    const halted = await listener(path);
    halted.kill('SIGSTOP');
    expect(await refusal(path)).toMatch(/in use/);
    expect(existsSync(path)).toBe(true);
  });

  test('by what is not a socket is never removed', async () => {
    const directory = workspace({ file: 'content' });
    mkdirSync(join(directory, 'folder'));
    symlinkSync('nowhere', join(directory, 'link'));
    for (const name of ['file', 'folder', 'link']) {
      expect(await refusal(join(directory, name))).toMatch(
        /^\/control\/socket: expected a socket or nothing at ".*", found something else; remove it, or/,
      );
    }
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('content');
    expect(existsSync(join(directory, 'folder'))).toBe(true);
  });
});

describe('a path that cannot be had is an error that says why', () => {
  test.each([
    [
      'absent/control.sock',
      /expected a path in a directory that exists, found ".*" \(ENOENT\); create/,
    ],
    ['file/control.sock', /expected a path in a directory that exists, found ".*" \(ENOTDIR\)/],
  ])('%s', async (name, message) => {
    const directory = workspace({ file: '' });
    expect(await refusal(join(directory, name))).toMatch(message);
  });

  test('a directory that this user may not write to', async () => {
    const directory = workspace();
    chmodSync(directory, 0o755);
    process.seteuid?.(NOBODY);
    try {
      expect(await refusal(join(directory, 'control.sock'))).toMatch(
        /expected a path in a directory that this user may write to, found ".*" \(EACCES\)/,
      );
    } finally {
      process.seteuid?.(0);
    }
  });

  test('a file system that is only read', async () => {
    const cwd = workspace({
      'main.cjs': `
        const { listenOnSocket } = require('./bundled.cjs');
        listenOnSocket('mounted/control.sock', () => {}).catch((error) => console.log(error.message));`,
    });
    mkdirSync(join(cwd, 'mounted'));
    await bundled('src/control/socket.ts', cwd);
    const script = 'mount -t tmpfs -o ro none mounted && exec "$0" main.cjs';
    const program = new Program(['unshare', '--mount', 'sh', '-c', script, process.execPath], {
      cwd,
      env: process.env,
    });
    await program.ended;
    expect(program.stdout).toBe(
      '/control/socket: expected a path on a file system that can be written to, found "mounted/control.sock" (EROFS); choose another with --socket, or mount a volume there\n',
    );
  });
});

test('a server of another kind that listens there is left alone', async () => {
  const path = join(workspace(), 'other.sock');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(path, resolve));
  undo.push(() => other.close());
  expect(await refusal(path)).toMatch(/in use/);
});
