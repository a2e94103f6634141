import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { Page } from '../helpers/page.ts';
import { CLI, Program, ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const EXAMPLE = join(ROOT, 'examples/python-worker');
const page = new Page('docs/getting-started-python.md');

// Debian's own Python goes before any other
const PATH = `${dirname(process.execPath)}:/usr/bin:${process.env['PATH'] ?? ''}`;
const env = { PATH };

const example = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8');
const CONFIGURATION = JSON.parse(example('supervisor.config.json')) as Readonly<
  Record<string, unknown>
>;

/** A directory with the example in it, and the supervisor on its PATH. */
function exampleDirectory(): { readonly cwd: string; readonly path: string } {
  const cwd = workspace();
  cpSync(EXAMPLE, cwd, { recursive: true });
  mkdirSync(join(cwd, 'bin'));
  symlinkSync(CLI, join(cwd, 'bin/container-supervisor'));
  return { cwd, path: `${join(cwd, 'bin')}:${PATH}` };
}

/** The example with another configuration, in part. */
function start(changes: Readonly<Record<string, unknown>> = {}, args: readonly string[] = []) {
  const cwd = workspace({
    'supervisor.config.json': { ...CONFIGURATION, metrics: { port: 0 }, ...changes },
    'worker.py': example('worker.py'),
  });
  return new Supervisor(cwd, { env, args });
}

/** Without what is another one each time: pids, times, memory, the last job, and the spaces that align them. */
function shape(text: string): string {
  return text
    .trimEnd()
    .replace(/pid \d+/g, 'pid N')
    .replace(/^(\d+) +running +(\w+) .*/gm, (row, index: string, ready: string) => {
      const [, starts = '', lastExit = ''] = /\ds +(\d+) +(-|SIG\w+ \(\w+\))/.exec(row) ?? [];
      return `${index} running ${ready} ${starts} ${lastExit}`;
    })
    .replace(/ {2,}/g, '  ');
}

describe('the page', () => {
  test('shows the files of the example', () => {
    expect(page.block('python', 'The worker')).toBe(example('worker.py'));
    expect(page.block('json', 'The worker')).toBe(example('supervisor.config.json'));
    expect(page.block('dockerfile', 'The image')).toBe(example('Containerfile'));
  });

  test('has a demonstration that runs as printed', async () => {
    const { cwd, path } = exampleDirectory();
    const steps = page.steps('Run it');
    expect(steps.length).toBeGreaterThan(8);
    const mark = '--- next ---';
    const script = [...steps.map(({ command }) => `${command}\necho '${mark}'`), 'wait'].join('\n');
    const terminal = new Program(['sh', '-c', script], {
      cwd,
      env: { PATH: path, SUPERVISOR_METRICS_LISTEN_PORT: '0' },
    });
    expect((await terminal.ended).code).toBe(0);
    expect(terminal.stderr).toBe('');
    const outputs = terminal.stdout.split(`${mark}\n`).slice(0, -1);
    expect(outputs.map(shape)).toEqual(steps.map(({ output }) => shape(output)));
  });
});

describe('the worker', () => {
  test('does the jobs of its partition, and finishes the one in hand', async () => {
    const supervisor = start();
    await eventually(() => {
      expect(supervisor.stdout.match(/: job \d+ done/g)?.length).toBeGreaterThan(4);
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    const ends = supervisor.linesLike(/^Worker \(pid/);
    expect(ends.map(({ exitCode, reason }) => [exitCode, reason])).toEqual([
      [0, 'stopped'],
      [0, 'stopped'],
      [0, 'stopped'],
    ]);
    for (const index of [0, 1, 2]) {
      const lines = supervisor.stdout
        .split('\n')
        .filter((line) => line.startsWith(`worker ${index}`));
      expect(lines.at(-1)).toBe(`worker ${index} of 3: bye`);
      const jobs = [...lines.join('\n').matchAll(/job (\d+) done/g)].map(([, job]) => Number(job));
      expect(jobs.length).toBeGreaterThan(0);
      expect(jobs).toEqual(jobs.map((_, nth) => index + nth * 3));
    }
  });

  test('without PYTHONUNBUFFERED: its lines are kept, and lost with it', async () => {
    const supervisor = start({ env: {}, workers: 1 });
    const jobDoneBy = async (starts: number): Promise<void> => {
      await eventually(async () => {
        const { body } = await supervisor.get('/status');
        const { workers } = JSON.parse(body) as { readonly workers: readonly unknown[] };
        expect(workers).toMatchObject([{ starts, statusText: 'job 0 done' }]);
      });
    };
    await jobDoneBy(1);
    expect(supervisor.stdout).toBe('');
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await jobDoneBy(2);
    await supervisor.stop();
    expect(supervisor.stdout.match(/ready/g)).toHaveLength(1);
  });

  test('is replaced when it hangs', async () => {
    const notify = { socket: true, watchdogSeconds: 3 };
    const supervisor = start({ notify, stop: { gracePeriodSeconds: 0.5 } });
    await eventually(() => {
      expect(supervisor.stdout).toContain('job 1 done');
    });
    process.kill(supervisor.pidOf(1), 'SIGSTOP');
    await supervisor.logged(/^Started child process/, 4);
    expect(supervisor.linesLike(/^Worker \(pid/)).toMatchObject([
      { worker: 1, reason: 'unhealthy' },
    ]);
  });

  test('has the new count after a scale and a restart, and not before', async () => {
    const socket = join(workspace(), 'socket');
    const supervisor = start({}, [`--socket=${socket}`]);
    const ask = async (...args: readonly string[]): Promise<void> => {
      const client = new Program([process.execPath, CLI, ...args, `--socket=${socket}`], {
        cwd: workspace(),
        env,
      });
      expect(await client.ended).toEqual({ code: 0, signal: null });
    };
    const readyAs = (count: number): readonly string[] =>
      (supervisor.stdout.match(/^worker \d of \d: ready/gm) ?? [])
        .filter((line) => line.includes(`of ${count}:`))
        .sort();
    await eventually(() => {
      expect(readyAs(3)).toHaveLength(3);
    });
    await ask('scale', '4');
    expect(readyAs(4)).toEqual(['worker 3 of 4: ready']);
    await ask('restart');
    await eventually(() => {
      expect(new Set(readyAs(4)).size).toBe(4);
    });
  });
});

test('FastStream’s command has the worker’s number, and no workers of its own', async () => {
  // says what FastStream would be given
  const standIn = join(
    workspace({ faststream: '#!/bin/sh\necho "$SUPERVISOR_WORKER_INDEX: $*"\nexec sleep 1000\n' }),
    'faststream',
  );
  chmodSync(standIn, 0o755);
  const supervisor = Supervisor.start(page.configuration('FastStream'), {
    env: { PATH: `${dirname(standIn)}:${PATH}` },
  });
  await eventually(() => {
    const lines = supervisor.stdout.trim().split('\n').sort();
    expect(lines).toEqual(
      [0, 1, 2, 3].map((index) => `${index}: run app:app --workers=1 --worker_id=${index}`),
    );
  });
});

describe('uvicorn', () => {
  const APP = `
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(scope["server"][1]).encode()})
`;

  async function startUvicorn(changes: Readonly<Record<string, unknown>> = {}): Promise<{
    readonly supervisor: Supervisor;
    readonly ports: readonly number[];
  }> {
    const portBase = await freePorts(5);
    const metrics = { port: portBase + 4 };
    const config = { ...page.configuration('uvicorn'), metrics, portBase, ...changes };
    const cwd = workspace({ 'supervisor.config.json': config, 'app.py': APP });
    const supervisor = new Supervisor(cwd, { env: { ...env, WEB_CONCURRENCY: '3' } });
    return { supervisor, ports: [0, 1, 2, 3].map((index) => portBase + index) };
  }

  test('runs as one process for each worker, on a port of its own', async () => {
    const { supervisor, ports } = await startUvicorn();
    await eventually(async () => {
      expect((await supervisor.get('/readyz')).status).toBe(200);
    });
    for (const port of ports) {
      const response = await fetch(`http://127.0.0.1:${port}`);
      expect(await response.text()).toBe(String(port));
    }
    expect(supervisor.stderr.match(/Started server process/g)).toHaveLength(4);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    const ends = supervisor.linesLike(/^Worker \(pid/);
    expect(ends).toHaveLength(4);
    for (const end of ends) expect(end).toMatchObject({ level: 'info', reason: 'stopped' });
  });

  test('is replaced after its requests, which counts as a restart', async () => {
    const { supervisor, ports } = await startUvicorn({
      workers: 1,
      args: ['--limit-max-requests=1'],
      livenessProbe: undefined,
    });
    await eventually(async () => {
      await fetch(`http://127.0.0.1:${ports[0] ?? 0}`);
    });
    await supervisor.logged(/^Started child process/, 2);
    expect(supervisor.linesLike(/^Worker \(pid/)).toMatchObject([{ exitCode: 0, level: 'info' }]);
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_restarts_total{worker="0",reason="exit"}')).toBe(1);
  });
});
