import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { CLI } from '../helpers/program.ts';
import { childrenOf, commandLineOf, isRunning } from '../helpers/processes.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const opened: number[] = [];
afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
});

/** A FIFO that somebody holds open and nobody reads. */
function fifo(directory: string, name: string): number {
  execFileSync('mkfifo', [join(directory, name)]);
  const descriptor = openSync(join(directory, name), constants.O_RDWR | constants.O_NONBLOCK);
  opened.push(descriptor);
  return descriptor;
}

function drain(descriptor: number): string {
  const chunk = Buffer.alloc(1 << 20);
  try {
    return chunk.toString('utf8', 0, readSync(descriptor, chunk));
  } catch {
    return '';
  }
}

/** Crashing workers that make the log grow. */
function noisyWorkspace(port: number): string {
  return workspace({
    'supervisor.config.json': {
      workers: 4,
      command: ['sh', '-c', 'exit 1'],
      reloadDelay: 0,
      metrics: { port, host: '127.0.0.1' },
    },
  });
}

/** They, with the standard streams of the shell command. */
function noisy(redirect: string, directory: string, port: number): Supervisor {
  const cwd = noisyWorkspace(port);
  return new Supervisor(cwd, {
    prefix: ['sh', '-c', `cd "$0" && exec "$@" ${redirect}`, cwd],
    env: { PIPES: directory },
  });
}

let nextPort = 21000 + (process.pid % 20000);

/** How many restarts there have been, by the metrics, which need no log. */
async function restarts(port: number): Promise<number> {
  const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return [...body.matchAll(/^supervisor_worker_restarts_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

describe('a reader of standard error that stalls', () => {
  test('stops neither the loop nor a stop, and what was dropped is said', async () => {
    const directory = workspace();
    const reader = fifo(directory, 'err');
    const port = nextPort++;
    const supervisor = noisy('2>"$PIPES/err"', directory, port);
    // 64 KiB of pipe and 1 MiB of queue hold the two lines of some 3,000 restarts
    await eventually(async () => {
      expect(await restarts(port)).toBeGreaterThan(4000);
    }, 120_000);
    let read = '';
    await eventually(() => {
      // without a matcher, whose message of megabytes would take longer than they do to come
      read = read.slice(-1000) + drain(reader);
      if (!/"level":"error","msg":"\d+ log lines were dropped/.test(read)) {
        throw new Error(`nothing is said of dropped lines: ${read.slice(-1000)}`);
      }
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  }, 180_000);

  test('does not delay the end', async () => {
    const directory = workspace();
    fifo(directory, 'err');
    const port = nextPort++;
    const supervisor = noisy('2>"$PIPES/err"', directory, port);
    await eventually(async () => {
      expect(await restarts(port)).toBeGreaterThan(600);
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('a second SIGTERM while the last lines wait for it does not change the exit status', async () => {
    const directory = workspace();
    fifo(directory, 'err');
    const port = nextPort++;
    const supervisor = noisy('2>"$PIPES/err"', directory, port);
    await eventually(async () => {
      expect(await restarts(port)).toBeGreaterThan(600);
    });
    let ended = false;
    void supervisor.ended.then(() => {
      ended = true;
    });
    await eventually(() => {
      if (!ended) supervisor.kill('SIGTERM');
      expect(ended).toBe(true);
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
  });

  test('where it is a socket, too', async () => {
    const port = nextPort++;
    const cwd = noisyWorkspace(port);
    // Node's own pipes are sockets
    const child = spawn(process.execPath, [CLI], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.pause();
    await eventually(async () => {
      expect(await restarts(port)).toBeGreaterThan(2000);
    }, 120_000);
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    child.stderr.destroy();
  }, 180_000);
});

test('in a plain file nothing that the workers write overwrites the log, or is overwritten', async () => {
  const cwd = workspace({
    'supervisor.config.json': {
      workers: 2,
      command: 'echo "worker $SUPERVISOR_WORKER_INDEX writes" >&2; exit 1',
      reloadDelay: 0.02,
      metrics: { enabled: false },
    },
  });
  const supervisor = new Supervisor(cwd, {
    prefix: ['sh', '-c', 'cd "$0" && exec "$@" 2>log', cwd],
  });
  const read = (): string => readFileSync(join(cwd, 'log'), 'utf8');
  await eventually(() => {
    expect(read().split('\n').length).toBeGreaterThan(100);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  const lines = read().split('\n').slice(0, -1);
  const torn = lines.filter((line) => !/^(\{"time".*\}|worker \d writes)$/.test(line));
  expect(torn).toEqual([]);
  const written = lines.filter((line) => line.startsWith('worker')).length;
  expect(written).toBe(lines.filter((line) => line.includes('Started child process')).length);
});

test('a reader of standard error that goes away ends nothing', async () => {
  const port = nextPort++;
  const supervisor = noisy('2>&1 >/dev/null | head -1', workspace(), port);
  await eventually(async () => {
    expect(await restarts(port)).toBeGreaterThan(50);
  });
  const [pid = NaN] = childrenOf(supervisor.pid).filter((each) =>
    commandLineOf(each).trimEnd().endsWith(CLI),
  );
  process.kill(pid, 'SIGTERM');
  await eventually(() => {
    expect(isRunning(pid)).toBe(false);
  });
  expect(supervisor.stdout).toContain('Listening');
});

test('closed standard streams end nothing', async () => {
  const port = nextPort++;
  const supervisor = noisy('<&- >&- 2>&-', workspace(), port);
  await eventually(async () => {
    expect(await restarts(port)).toBeGreaterThan(50);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test('a reader of standard output that stalls delays no stop', async () => {
  const directory = workspace();
  fifo(directory, 'out');
  const port = nextPort++;
  const cwd = workspace({
    'supervisor.config.json': {
      workers: 2,
      command: ['yes', 'a line of output'],
      metrics: { port, host: '127.0.0.1' },
    },
  });
  const supervisor = new Supervisor(cwd, {
    prefix: ['sh', '-c', 'cd "$0" && exec "$@" >"$PIPES/out"', cwd],
    env: { PIPES: directory },
  });
  await supervisor.logged(/^Started child process/, 2);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
