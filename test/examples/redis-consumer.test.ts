import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { Page } from '../helpers/page.ts';
import { CLI, Program, ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { Terminals } from '../helpers/terminals.ts';
import { workspace } from '../helpers/workspace.ts';

const EXAMPLE = join(ROOT, 'examples/redis-consumer');
const PAGE = new Page('docs/getting-started-node.md');
const ENTRIES = 300;

const example = (name: string): string => readFileSync(join(EXAMPLE, name), 'utf8');

/** Debian's Redis on a port of its own, with nothing on disk. */
class Redis extends Program {
  readonly #port: number;

  private constructor(port: number) {
    const options = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    super(['redis-server', ...options], { cwd: workspace(), env: { PATH: process.env['PATH'] } });
    this.#port = port;
  }

  static async start(port: number): Promise<Redis> {
    const redis = new Redis(port);
    await eventually(async () => {
      expect(await redis.ask('PING')).toBe('PONG');
    });
    return redis;
  }

  /** It writes its title over the environment by which it would be found. */
  override async destroy(): Promise<void> {
    this.kill('SIGKILL');
    await super.destroy();
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async ask(...command: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', [
      '-p',
      String(this.#port),
      ...command,
    ]);
    return stdout.trim();
  }

  /** Adds so many entries to the stream, in one script. */
  async add(count: number): Promise<void> {
    const script = `for i = 1, ${count} do redis.call('XADD', 'orders', '*', 'number', i) end`;
    await this.ask('EVAL', script, '0');
  }
}

test('the page shows the files of the example', () => {
  expect(PAGE.block('js', 'The worker')).toBe(example('worker.js'));
  expect(PAGE.block('dockerfile', 'The image')).toBe(example('Containerfile'));
  const { $schema: own, ...shown } = PAGE.configuration('The configuration');
  const { $schema: local, ...config } = JSON.parse(example('supervisor.config.json')) as Record<
    string,
    unknown
  >;
  expect(shown).toEqual(config);
  expect([own, local]).toEqual([
    './node_modules/container-supervisor/schemas/supervisor.schema.json',
    '../../schemas/supervisor.schema.json',
  ]);
});

test('every entry is handled, though workers are killed, and nothing is left at the end', async () => {
  // the first for Redis, and one for each worker
  const port = await freePorts(6);
  const redis = await Redis.start(port);
  const cwd = workspace();
  cpSync(EXAMPLE, cwd, { recursive: true });
  const config = JSON.parse(example('supervisor.config.json')) as Record<string, object>;
  const local = {
    ...config,
    portBase: port + 2,
    metrics: { ...config['metrics'], port: port + 1 },
  };
  const supervisor = new Supervisor(
    workspace({ 'supervisor.config.json': { ...local, workingDir: cwd } }),
    { env: { REDIS_URL: redis.url } },
  );
  await eventually(async () => {
    expect((await supervisor.get('/readyz')).status).toBe(200);
  });
  await redis.add(ENTRIES);
  await eventually(() => {
    expect(supervisor.stdout).toContain('worker-2 handled');
  });
  process.kill(supervisor.pidOf(2), 'SIGKILL');
  await supervisor.logged(/^Started child process/, 5);
  await eventually(async () => {
    expect(await redis.ask('XPENDING', 'orders', 'billing')).toMatch(/^0\b/);
    const handled = [...supervisor.stdout.matchAll(/handled (\S+)/g)].map(([, id]) => id);
    expect(new Set(handled).size).toBe(ENTRIES);
  });
  const metrics = await supervisor.metrics();
  const counts = [0, 1, 2, 3].map(
    (index) => metrics.get(`orders_handled_total{worker="${index}"}`) ?? 0,
  );
  expect(counts.filter((count) => count > 0)).toHaveLength(4);
  expect(metrics.get('supervisor_worker_restarts_total{worker="2",reason="signal"}')).toBe(1);
  await redis.add(100);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(await redis.ask('XPENDING', 'orders', 'billing')).toMatch(/^0\b/);
  expect(supervisor.linesLike(/^Killing/)).toEqual([]);
});

test('the commands of the page do what it says', async () => {
  const cwd = workspace();
  cpSync(EXAMPLE, cwd, { recursive: true });
  symlinkSync(ROOT, join(cwd, 'node_modules/container-supervisor'));
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true });
  symlinkSync(CLI, join(cwd, 'node_modules/.bin/container-supervisor'));
  writeFileSync(join(cwd, 'supervisor.config.json'), PAGE.block('json', 'The configuration'));
  const terminals = await Terminals.open(cwd);
  terminals.start("redis-server --save ''");
  const [first = '', second = ''] = PAGE.blocks('sh', 'Run it');
  const [check = '', run = ''] = first.trim().split('\n');
  const [add = '', kill = '', pending = '', metrics = ''] = second.trim().split('\n');
  expect(await terminals.run(check)).toContain('supervisor.config.json: ok\n');
  const supervisor = terminals.start(run);
  await eventually(async () => {
    expect(await terminals.run('curl -s localhost:9464/readyz')).toContain('check passed');
  });
  await terminals.run(add);
  await terminals.run(kill);
  await eventually(async () => {
    expect(await terminals.run(pending)).toMatch(/^0\b/);
    const answer = await terminals.run(metrics);
    const counts = [...answer.matchAll(/^orders_handled_total\{worker="\d"\} (\d+)$/gm)];
    expect(counts.map(([, count]) => Number(count)).filter((count) => count > 0)).toHaveLength(4);
    expect(answer).toMatch(/exits_total\{worker="0",code="137",signal="SIGKILL",.*\} 1/);
  }, 60_000);
  const ids = [...supervisor.stdout.matchAll(/handled (\S+)/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(1000);
}, 90_000);
