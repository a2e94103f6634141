import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { ROOT, VERSION } from '../helpers/program.ts';
import { Prometheus, valueOf } from '../helpers/prometheus.ts';
import { anyBinary } from './any-binary.ts';
import { importDebianImage, importPythonImage, npmCache, NPM_CACHE } from './base-images.ts';
import { Container, worker } from './container.ts';
import { BASE, buildExample, buildImage, IMAGE } from './images.ts';
import { leastPrivilege } from './least-privilege.ts';
import { Podman } from './podman.ts';

let podman: Podman;

beforeAll(async () => {
  podman = new Podman();
  await buildImage(podman);
}, 300_000);

afterAll(async () => {
  await podman.destroy();
}, 60_000);

const run = (config: Readonly<Record<string, unknown>>, ...options: readonly string[]): Container =>
  Container.configured(podman, IMAGE, config, ...options);

describe('the image', () => {
  test('starts the supervisor by number, without a shell, and inherits no command', async () => {
    expect(await podman.inspect('image', IMAGE, '.Config')).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/usr/local/bin/node', '/opt/container-supervisor/dist/cli.cjs'],
      WorkingDir: '/app',
      ExposedPorts: { '9464/tcp': {} },
      StopSignal: 'SIGTERM',
      Labels: {
        'org.opencontainers.image.title': 'container-supervisor',
        'org.opencontainers.image.version': VERSION,
        'org.opencontainers.image.licenses': 'MIT',
      },
    });
    // an archive of the sources knows no commit
    if (existsSync(join(ROOT, '.git'))) {
      expect(await podman.inspect('image', IMAGE, '.Config.Labels')).toMatchObject({
        'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$/) as unknown,
      });
    }
    expect(await podman.inspect('image', IMAGE, '.Config.Cmd')).toBeNull();
    expect(await podman.inspect('image', IMAGE, '.Config.Healthcheck')).toBeNull();
  });

  test('is less than 3 MB larger than its base', async () => {
    const size = async (name: string): Promise<number> =>
      (await podman.inspect('image', name, '.Size')) as number;
    expect((await size(IMAGE)) - (await size(BASE))).toBeLessThan(3e6);
  });

  test('is built of nothing but what the Containerfile copies', async () => {
    const containerfile = join(podman.directory, 'Containerfile.context');
    writeFileSync(containerfile, 'FROM scratch\nCOPY . /\n');
    await podman.build('context', ROOT, `--file=${containerfile}`);
    const list = readdirSync(await podman.run('image', 'mount', 'context'));
    expect(list.sort()).toEqual([
      'LICENSE',
      'package-lock.json',
      'package.json',
      'schemas',
      'scripts',
      'src',
      'tsconfig.json',
    ]);
  });

  test('has the program on its PATH, for people', async () => {
    const container = run({ command: worker() });
    await container.ready(1);
    expect(await container.exec('container-supervisor', 'check')).toBe(
      '/etc/container-supervisor/supervisor.config.json: ok',
    );
  });

  test('passes the trial that CI makes of it on every platform', async () => {
    expect(await podman.script('try-image.sh', IMAGE)).toMatch(new RegExp(`^${IMAGE}: ok$`, 'm'));
  }, 90_000);
});

describe('a container', () => {
  test('replaces a worker that dies, and stops in order with status 0', async () => {
    const container = run({ workers: 3, command: worker('--stop-takes=200') });
    await container.ready(3);
    expect(container.messages()).toContain('Started parent process [1]');
    for (const process of await container.processes()) {
      expect(process).toMatchObject({ user: '65532', capabilities: 'none' });
    }
    await container.exec('/bin/sh', '-c', `kill -9 ${container.pidOf(1)}`);
    await container.ready(4);
    expect(container.linesLike(/exited with/)).toMatchObject([{ worker: 1, exitCode: -9 }]);
    const before = container.log.length;
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    const [zero, one, two] = [0, 1, 2].map((index) => container.pidOf(index));
    expect(container.messages().slice(before)).toEqual([
      'Received SIGTERM',
      `Stopping child process [${zero}]`,
      `Worker (pid:${zero}) exited with code 0.`,
      `Stopping child process [${one}]`,
      `Worker (pid:${one}) exited with code 0.`,
      `Stopping child process [${two}]`,
      `Worker (pid:${two}) exited with code 0.`,
      'Stopping parent process [1]',
    ]);
  });

  test('reaps orphans', async () => {
    const container = run({
      command:
        'n=0; while [ $n -lt 50 ]; do (setsid sleep 0.05 &); n=$((n + 1)); done; echo ready $$; exec sleep 1000',
    });
    await container.ready(1);
    await eventually(async () => {
      const metrics = await container.metrics();
      expect(metrics.get('supervisor_orphans_reaped_total')).toBe(50);
    });
    const pids = (await container.processes()).map(({ pid, state }) => ({ pid, state }));
    expect(pids).toEqual([
      { pid: 1, state: 'S' },
      { pid: container.pidOf(0), state: 'S' },
    ]);
  });

  test('survives a worker that runs out of its memory, and says so', async () => {
    const container = run(
      { workers: 2, command: worker('--hog', '--only=1'), reloadDelay: 60 },
      '--memory=300m',
      '--memory-swap=300m',
    );
    await container.ready(2);
    const [line] = await container.logged(/exited with/);
    expect(line).toMatchObject({ worker: 1, signal: 'SIGKILL', reason: 'oom', oomKilled: true });
    const metrics = await container.metrics();
    const labels = 'worker="1",code="137",signal="SIGKILL",reason="oom"';
    expect(metrics.get(`supervisor_worker_exits_total{${labels}}`)).toBe(1);
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.linesLike(/exited with/)).toMatchObject([
      { worker: 1, reason: 'oom' },
      { worker: 0, reason: 'stopped', oomKilled: false },
    ]);
  });

  test('heals when no further process can be had', async () => {
    const container = run(
      {
        workers: 2,
        command: worker('--fill', '--only=0'),
        // in which worker 0 takes what worker 1 has left
        restart: { backoff: { initialSeconds: 1, factor: 1 } },
      },
      '--pids-limit=60',
    );
    await container.ready(2);
    const outer = [
      await container.outerPidOf(container.pidOf(0)),
      await container.outerPidOf(container.pidOf(1)),
    ] as const;
    process.kill(outer[0], 'SIGUSR2');
    await eventually(() => {
      expect(container.stdout).toContain('full 0\n');
    });
    process.kill(outer[1], 'SIGKILL');
    const [failed] = await container.logged(/^Worker could not be started/);
    expect(failed).toMatchObject({ worker: 1, error: 'EAGAIN' });
    const metrics = await container.metrics();
    const errors = metrics.get('supervisor_worker_spawn_errors_total{worker="1",error="EAGAIN"}');
    expect(errors).toBeGreaterThanOrEqual(1);
    // and everything that it has started goes with it
    process.kill(outer[0], 'SIGKILL');
    await container.ready(4);
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
  });

  test('ends with the status of a worker whose exit is fatal', async () => {
    const container = run({
      workers: 2,
      command: worker('--exit=42', '--only=1'),
      restart: { fatalExitCodes: [42] },
    });
    expect(await container.ended).toEqual({ code: 42, signal: null });
    expect(container.messages().at(-1)).toBe('Stopping parent process [1]');
  });

  test('refuses a configuration with status 2, before anything is started', async () => {
    const container = run({ wrokers: 2, command: worker() });
    expect(await container.ended).toEqual({ code: 2, signal: null });
    expect(container.stderr).toContain(
      '/etc/container-supervisor/supervisor.config.json: /wrokers',
    );
  });

  test('is scraped by Prometheus', async () => {
    const container = run({ workers: 2, command: worker() });
    await container.ready(2);
    const prometheus = Prometheus.start({ supervisor: await container.target() });
    await eventually(async () => {
      const running = await prometheus.query('supervisor_workers_running');
      expect(valueOf(running, { job: 'supervisor' })).toBe(2);
    });
    await container.exec('/bin/sh', '-c', `kill -9 ${container.pidOf(0)}`);
    await container.ready(3);
    await eventually(async () => {
      const restarts = await prometheus.query('supervisor_worker_restarts_total');
      expect(valueOf(restarts, { worker: '0', reason: 'signal' })).toBe(1);
    });
  }, 60_000);
});

describe('least privilege:', () => {
  leastPrivilege(run);
});

describe('any binary:', () => {
  anyBinary(() => podman);
});

describe.each(['from', 'copy-from'])('the example %s', (name) => {
  const image = `worker-${name}`;

  beforeAll(async () => {
    await importDebianImage(podman, 'docker.io/library/debian:bookworm-slim');
    await buildExample(podman, image, `image/${name}`);
  }, 60_000);

  test('runs, replaces and stops its workers', async () => {
    const container = new Container(podman, image);
    await container.ready(2);
    await container.exec('/bin/sh', '-c', `kill -9 ${container.pidOf(1)}`);
    await container.ready(3);
    expect(container.messages()).toContain('Started parent process [1]');
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.stdout.match(/^bye .$/gm)).toEqual(['bye 0', 'bye 1']);
  });
});

test('the example redis-consumer has its packages', async () => {
  const cache = `--volume=${npmCache()}:${NPM_CACHE}:O`;
  await buildExample(podman, 'redis-consumer', 'redis-consumer', cache);
  const packages =
    "Promise.all([import('ioredis'), import('prom-client')]).then(() => console.log('there'))";
  const run = ['run', '--rm', '--entrypoint=node', 'redis-consumer', '-e', packages];
  expect(await podman.run(...run)).toBe('there');
  expect(await podman.run('run', '--rm', 'redis-consumer', 'check')).toBe(
    'supervisor.config.json: ok',
  );
}, 60_000);

describe('the example python-worker', () => {
  const image = 'python-worker';

  beforeAll(async () => {
    await importPythonImage(podman, 'docker.io/library/python:3.13-slim-bookworm');
    await buildExample(podman, image, 'python-worker');
  }, 60_000);

  test('runs, replaces and stops its workers', async () => {
    const container = new Container(podman, image);
    const ready = async (count: number): Promise<void> => {
      await eventually(() => {
        expect(container.stdout.match(/^worker \d of 3: ready/gm)).toHaveLength(count);
      });
    };
    await ready(3);
    await container.exec('/bin/sh', '-c', `kill -9 ${container.pidOf(1)}`);
    await ready(4);
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.stdout.match(/^worker \d of 3: bye$/gm)?.sort()).toEqual([
      'worker 0 of 3: bye',
      'worker 1 of 3: bye',
      'worker 2 of 3: bye',
    ]);
  });
});
