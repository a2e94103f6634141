import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { CLI, Program, ROOT } from '../helpers/program.ts';
import { eventually } from '../helpers/eventually.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** Says which modules are loaded when the first worker is about to be started. */
const SNAPSHOT = `
  let said = false;
  require('node:diagnostics_channel').subscribe('child_process', () => {
    if (said) return;
    said = true;
    const loaded = process.moduleLoadList.filter((name) => name.startsWith('NativeModule '));
    const builtins = loaded.map((name) => name.slice('NativeModule '.length));
    require('node:fs').writeSync(1, JSON.stringify({ builtins, files: Object.keys(require.cache) }) + '\\n');
  });`;

interface Snapshot {
  readonly builtins: readonly string[];
  readonly files: readonly string[];
}

/** What a program has loaded by the time that it starts its first process. */
async function loadedBy(
  files: Readonly<Record<string, unknown>>,
  program: string,
): Promise<Snapshot> {
  const cwd = workspace({ ...files, 'snapshot.cjs': SNAPSHOT });
  const running = new Program([process.execPath, '--require', './snapshot.cjs', program], {
    cwd,
    env: process.env,
  });
  await eventually(() => {
    expect(running.stdout).toMatch(/\n$/);
  });
  running.kill('SIGTERM');
  await running.ended;
  const [snapshot = ''] = running.stdout.split('\n');
  return JSON.parse(snapshot) as Snapshot;
}

const CONFIG = {
  'supervisor.config.json': { command: ['sleep', '1000'], metrics: { port: 0 } },
};

const BARE = `
  let child;
  process.on('SIGTERM', () => process.exit(child.kill() ? 0 : 1));
  child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });`;

describe('to start the first worker', () => {
  test('one file is loaded', async () => {
    const { files } = await loadedBy(CONFIG, CLI);
    expect(files.filter((file) => !file.endsWith('snapshot.cjs'))).toEqual([CLI]);
  });

  test('hardly more of Node is loaded than a bare spawn needs', async () => {
    const { builtins } = await loadedBy(CONFIG, CLI);
    const bare = await loadedBy({ 'bare.cjs': BARE }, './bare.cjs');
    const more = builtins.filter((name) => !bare.builtins.includes(name));
    // a port is listened on, which brings Node's cluster along, and standard error may be a terminal; from 22 on, `fs`
    // has its directories apart
    const expected =
      /^(?:cluster|internal\/cluster\/.*|net|tty|internal\/tty|internal\/dgram|internal\/fs\/dir)$/;
    expect(more.filter((name) => !expected.test(name))).toEqual([]);
  });
});

test('who asks while workers are still being started is answered, and all of them are counted', async () => {
  const supervisor = Supervisor.start({ command: ['sleep', '1000'], workers: 32 });
  await supervisor.logged(/^Listening on/, 1);
  const { status } = await supervisor.get('/livez');
  expect(status).toBe(200);
  await supervisor.logged(/^Started child process/, 32);
  const { body } = await supervisor.get('/metrics');
  expect(body.match(/^supervisor_worker_starts_total\{worker="\d+"\} 1$/gm)).toHaveLength(32);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

/** Bytes that are allocated for each restart of a crash loop: no garbage is collected meanwhile. */
async function allocatedBy(loop: string): Promise<number> {
  const cwd = workspace({
    'loop.mjs': `
      import { PerformanceObserver } from 'node:perf_hooks';
      import { setFlagsFromString } from 'node:v8';
      const [warmUp, restarts] = [100, 300];
      let count = 0, before = 0, collections = 0;
      new PerformanceObserver((list) => { collections += list.getEntries().length; }).observe({ entryTypes: ['gc'] });
      export const restarted = () => {
        count += 1;
        if (count === warmUp) { gc(); collections = 0; before = process.memoryUsage().heapUsed; }
        if (count !== warmUp + restarts) return;
        const bytes = (process.memoryUsage().heapUsed - before) / restarts;
        console.log(JSON.stringify({ bytes, collections }));
        process.exit();
      };`,
    'main.mjs': loop,
  });
  const node = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  const program = new Program([process.execPath, ...node, 'main.mjs'], { cwd, env: process.env });
  await program.ended;
  const { bytes, collections } = JSON.parse(program.stdout) as Record<string, number>;
  // of the warm-up alone
  expect(collections).toBeLessThanOrEqual(1);
  return bytes ?? Infinity;
}

test('a restart allocates little more than a bare spawn does', async () => {
  const ours = await allocatedBy(`
    import { restarted } from './loop.mjs';
    import { Multiprocess } from ${JSON.stringify(join(ROOT, 'dist/index.js'))};
    const observers = [(event) => { if (event.type === 'worker-started') restarted(); }];
    const config = { command: ['true'], workers: 4, reloadDelay: 0 };
    await new Multiprocess(config, { observers }).run();`);
  const bare = await allocatedBy(`
    import { spawn } from 'node:child_process';
    import { restarted } from './loop.mjs';
    const start = () => {
      spawn('true', { stdio: 'inherit', detached: true }).once('exit', () => setImmediate(start));
      restarted();
    };
    for (let count = 0; count < 4; count += 1) start();`);
  expect(bare).toBeGreaterThan(1000);
  // some 15 KiB; on a busy machine more turns of the loop come to each restart
  expect(ours - bare).toBeLessThan(20 * 1024);
}, 60_000);
