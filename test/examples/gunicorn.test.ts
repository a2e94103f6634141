import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { Page } from '../helpers/page.ts';
import { childrenOf, isRunning } from '../helpers/processes.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const EXAMPLE = join(ROOT, 'examples/gunicorn');
const PATH = `/usr/bin:${process.env['PATH'] ?? ''}`;
const page = new Page('docs/getting-started-python.md');

const example = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8');

/** The example on a free port, ready, with a `WEB_CONCURRENCY` that no gunicorn shall follow. */
async function start(args: readonly string[] = []): Promise<{
  readonly supervisor: Supervisor;
  readonly url: string;
}> {
  const port = await freePorts(2);
  const cwd = workspace();
  cpSync(EXAMPLE, cwd, { recursive: true });
  const env = { PATH, PORT: String(port), WEB_CONCURRENCY: '3' };
  const supervisor = new Supervisor(cwd, { env, args: [`--metrics-port=${port + 1}`, ...args] });
  await eventually(async () => {
    expect((await supervisor.get('/readyz')).status).toBe(200);
  });
  return { supervisor, url: `http://127.0.0.1:${port}` };
}

/** The one fork of a worker's gunicorn. */
async function forkOf(supervisor: Supervisor, index: number): Promise<number> {
  return eventually(() => {
    const [fork, ...others] = childrenOf(supervisor.pidOf(index));
    if (fork === undefined) throw new Error(`gunicorn ${index} has no fork`);
    expect(others).toEqual([]);
    return fork;
  });
}

test('the page shows the files of the example', () => {
  expect(page.block('json', 'gunicorn')).toBe(example('supervisor.config.json'));
  expect(page.block('python', 'gunicorn')).toBe(example('gunicorn.conf.py'));
});

describe('gunicorn', () => {
  test('shares one port among its workers, and stops in order', async () => {
    const { supervisor, url } = await start();
    for (const index of [0, 1, 2, 3]) await forkOf(supervisor, index);
    const answers = new Set<string>();
    await eventually(async () => {
      // a new connection each time, which the kernel gives to any of them
      const response = await fetch(url, { headers: { connection: 'close' } });
      answers.add(await response.text());
      expect(answers.size).toBe(4);
    });
    expect([...answers].sort()).toEqual(['worker 0\n', 'worker 1\n', 'worker 2\n', 'worker 3\n']);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    const ends = supervisor.linesLike(/^Worker \(pid/);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  });

  test('whose master is killed loses its fork with it, and is replaced', async () => {
    const { supervisor } = await start(['--workers=1']);
    const fork = await forkOf(supervisor, 0);
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.logged(/^Started child process/, 2);
    expect(isRunning(fork)).toBe(false);
    expect(await forkOf(supervisor, 0)).not.toBe(fork);
  });

  test('replaces its fork itself, unseen', async () => {
    const { supervisor } = await start(['--workers=1']);
    const fork = await forkOf(supervisor, 0);
    process.kill(fork, 'SIGKILL');
    await eventually(async () => {
      expect(await forkOf(supervisor, 0)).not.toBe(fork);
    });
    expect(supervisor.linesLike(/^Worker \(pid/)).toEqual([]);
  });

  test('is sent SIGUSR1', async () => {
    const { supervisor } = await start(['--workers=2']);
    for (const index of [0, 1]) await forkOf(supervisor, index);
    supervisor.kill('SIGUSR1');
    await eventually(() => {
      expect(supervisor.stderr.match(/Handling signal: usr1/g)).toHaveLength(2);
    });
  });

  test('that cannot boot ends the supervisor, where that is configured', async () => {
    const config = {
      workers: 2,
      command: ['gunicorn', '--bind=127.0.0.1:0', 'app:app'],
      restart: { fatalExitCodes: [3, 4] },
      metrics: { enabled: false },
    };
    const cwd = workspace({ 'supervisor.config.json': config, 'app.py': 'raise RuntimeError\n' });
    const supervisor = new Supervisor(cwd, { env: { PATH } });
    expect(await supervisor.ended).toEqual({ code: 3, signal: null });
  });

  test('takes its port from portBase', async () => {
    const portBase = await freePorts(2);
    const metrics = { enabled: false };
    const config = { workers: 2, command: ['gunicorn', 'app:app'], portBase, metrics };
    const cwd = workspace({ 'supervisor.config.json': config, 'app.py': example('app.py') });
    const supervisor = new Supervisor(cwd, { env: { PATH } });
    for (const index of [0, 1]) {
      await eventually(async () => {
        const response = await fetch(`http://127.0.0.1:${portBase + index}`);
        expect(await response.text()).toBe(`worker ${index}\n`);
      });
    }
    await supervisor.stop();
  });
});
