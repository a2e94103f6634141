import { execFile } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { ROOT } from '../helpers/program.ts';
import type { LogLine } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import {
  importBusyboxImage,
  importMuslImage,
  importNginxImage,
  repositoryFile,
} from './base-images.ts';
import { Container } from './container.ts';
import { IMAGE, STANDALONE } from './images.ts';
import type { Podman } from './podman.ts';

const PAGE = 'docs/getting-started-any-binary.md';
const SUPERVISOR = '/opt/container-supervisor/bin/container-supervisor';
const ALPINE = 'docker.io/library/alpine:3.22';

/** The blocks of code in the page that are of this language. */
function blocks(language: string): readonly string[] {
  const found = repositoryFile(PAGE).matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'));
  return [...found].map(([, code = '']) => code);
}

/** Runs the commands of a block of the page as they are printed, in the root of the repository. */
async function runBlock(podman: Podman, start: string): Promise<string> {
  const script = blocks('sh').find((block) => block.startsWith(start));
  if (script === undefined) throw new Error(`no block of the page starts with ${start}`);
  const { stdout } = await promisify(execFile)('sh', ['-ec', script], {
    cwd: ROOT,
    env: podman.env,
  });
  return stdout;
}

/** The supervisor in images that have no Node.js; expects the supervisor's own image. */
export function anyBinary(get: () => Podman): void {
  beforeAll(async () => {
    const podman = get();
    await importBusyboxImage(podman, 'docker.io/library/busybox:1.37-musl');
    await importNginxImage(podman, 'docker.io/nginxinc/nginx-unprivileged:1.28-bookworm');
    await importMuslImage(podman, ALPINE);
    await runBlock(podman, 'podman build -f deploy/Containerfile.standalone');
  }, 120_000);

  describe('the page', () => {
    examplesOnThePage();
  });
  describe('the standalone image', () => {
    standaloneImage(get);
  });
  describe('a static binary FROM scratch', () => {
    staticBinary(get);
  });
  describe('nginx', () => {
    nginx(get);
  });
  describe('a base with another C library', () => {
    anotherLibc(get);
  });
}

function examplesOnThePage(): void {
  test.each([
    ['dockerfile', 'static/Containerfile'],
    ['json', 'static/supervisor.config.json'],
    ['dockerfile', 'nginx/Containerfile'],
    ['json', 'nginx/supervisor.config.json'],
    ['dockerfile', 'alpine/Containerfile'],
    ['json', 'alpine/supervisor.config.json'],
  ])('shows, in a block of %s, the example’s %s', (language, file) => {
    const text = repositoryFile(`examples/any-binary/${file}`);
    // the comment above it is for who has found the file alone
    expect(blocks(language)).toContain(text.replace(/^(# .*\n)+\n?(?=#|FROM)/, ''));
  });

  test('builds the supervisor’s image as image.md does, and publishes the ports of the workers', () => {
    const [build = ''] = blocks('sh');
    expect(repositoryFile('docs/image.md')).toContain(build);
    const config = repositoryFile('examples/any-binary/static/supervisor.config.json');
    const { workers, portBase } = JSON.parse(config) as Record<'workers' | 'portBase', number>;
    const ports = `${portBase}-${portBase + workers - 1}`;
    expect(blocks('sh')).toContain(`podman run --rm -p ${ports}:${ports} -p 9464:9464 my-server\n`);
    expect(repositoryFile('examples/any-binary/static/Containerfile')).toContain(
      `EXPOSE ${ports} 9464\n`,
    );
  });
}

function standaloneImage(get: () => Podman): void {
  test('has one directory, and in it all that the program needs', async () => {
    const root = await get().run('image', 'mount', STANDALONE);
    expect(readdirSync(root).sort()).toEqual(['app', 'opt']);
    expect(readdirSync(join(root, 'app'))).toEqual([]);
    expect(readdirSync(join(root, 'opt'))).toEqual(['container-supervisor']);
    expect(readdirSync(join(root, 'opt/container-supervisor')).sort()).toEqual([
      'LICENSE',
      'bin',
      'dist',
      'lib',
      'licenses',
      'node_modules',
      'package.json',
    ]);
    const container = new Container(get(), STANDALONE, { args: ['--version'] });
    expect(await container.ended).toEqual({ code: 0, signal: null });
    expect(`container-supervisor:${container.stdout.trim()}`).toBe(IMAGE);
  });

  test('works with no right at all', async () => {
    const said = await get().script('try-image.sh', STANDALONE);
    expect(said).toMatch(new RegExp(`^${STANDALONE}: ok$`, 'm'));
  });

  test('is what the script builds, too', async () => {
    await get().run('tag', IMAGE, 'by-script');
    await get().script('build-image.sh', '--standalone', 'by-script', '--quiet', '--pull=never');
    const files = async (name: string): Promise<readonly string[]> =>
      readdirSync(await get().run('image', 'mount', name), { recursive: true, encoding: 'utf8' });
    expect(await files('by-script-standalone')).toEqual(await files(STANDALONE));
  });

  test('is as large as the page says', async () => {
    const size = (await get().inspect('image', STANDALONE, '.Size')) as number;
    const [, megabytes] = /It adds (\d+) MB/.exec(repositoryFile(PAGE)) ?? [];
    // the libraries are this machine's
    expect(Math.abs(size / 1e6 - Number(megabytes))).toBeLessThan(2);
  });
}

function staticBinary(get: () => Podman): void {
  beforeAll(async () => {
    expect(await runBlock(get(), 'podman build -t my-server')).toMatch(
      /^supervisor\.config\.json: ok$/m,
    );
  }, 60_000);

  test('is started, probed, replaced and stopped in order', async () => {
    const container = new Container(get(), 'my-server');
    await container.logged(/^Started child process/, 3);
    await readyWorkers(container, 3);
    for (const port of [8080, 8081, 8082]) expect(await body(container, port)).toBe('hello\n');
    process.kill(await container.outerPidOf(container.pidOf(1)), 'SIGKILL');
    await container.logged(/^Started child process/, 4);
    const metrics = await container.metrics();
    expect(metrics.get('supervisor_worker_restarts_total{worker="1",reason="signal"}')).toBe(1);
    await readyWorkers(container, 3);
    expect(await container.exec(SUPERVISOR, 'check')).toBe('supervisor.config.json: ok');
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.linesLike(/^Stopping child process/).map(({ worker }) => worker)).toEqual([
      0, 1, 2,
    ]);
    expect(warnings(container)).toEqual([]);
  });

  test('a command that wants a shell is refused with status 127, and the log says why', async () => {
    const container = Container.configured(get(), 'my-server', { command: 'echo hello' });
    expect(await container.ended).toEqual({ code: 127, signal: null });
    expect(container.stderr).toContain('/bin/sh');
  });
}

function nginx(get: () => Podman): void {
  beforeAll(async () => {
    await runBlock(get(), 'podman build -t my-nginx');
  }, 60_000);

  test('is probed, reads its configuration again at SIGHUP, and stops by its own signal', async () => {
    const container = new Container(get(), 'my-nginx', { options: ['--tmpfs=/tmp:mode=1777'] });
    await container.logged(/^Started child process/);
    await readyWorkers(container, 1);
    expect(await body(container, 8080)).toBe('hello\n');
    const before = await container.processes();
    process.kill(await container.outerPidOf(1), 'SIGHUP');
    await eventually(async () => {
      const now = await container.processes();
      expect(now.map(({ pid }) => pid).slice(0, 2)).toEqual([1, container.pidOf(0)]);
      expect(now.at(-1)?.pid).not.toBe(before.at(-1)?.pid);
    });
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.messages()).toContain('Received SIGQUIT');
    expect(container.linesLike(/exited with/)).toMatchObject([{ exitCode: 0, reason: 'stopped' }]);
    expect(warnings(container)).toEqual([]);
  });
}

function anotherLibc(get: () => Podman): void {
  beforeAll(async () => {
    await runBlock(get(), 'podman build -t my-script');
    const copied = workspace({
      Containerfile: repositoryFile('examples/image/copy-from/Containerfile').replace(
        'docker.io/library/debian:bookworm-slim',
        ALPINE,
      ),
    });
    const context = join(ROOT, 'examples/image/copy-from');
    const file = `--file=${join(copied, 'Containerfile')}`;
    // without layers, podman removes the image of a stage that adds nothing to it: the supervisor's
    await get().build('node-copied', context, file, '--layers');
  }, 60_000);

  test('runs, replaces and stops its workers', async () => {
    const container = new Container(get(), 'my-script');
    await said(container, /^\[[01]\] ready /gm, 2);
    await container.exec('/bin/sh', '-c', `kill -9 ${container.pidOf(1)}`);
    await said(container, /^\[[01]\] ready /gm, 3);
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.stdout.match(/^.* bye .$/gm)).toEqual(['[0] bye 0', '[1] bye 1']);
  });

  test('reaps orphans', async () => {
    const container = Container.configured(get(), 'my-script', {
      command:
        'n=0; while [ $n -lt 20 ]; do (setsid sleep 0.05 &); n=$((n + 1)); done; exec sleep 1000',
    });
    await container.logged(/^Started child process/);
    await eventually(async () => {
      const metrics = await container.metrics();
      expect(metrics.get('supervisor_orphans_reaped_total')).toBe(20);
    });
  });

  test('its LD_LIBRARY_PATH does not reach Node.js, and does reach the workers', async () => {
    const libraries = workspace({ 'libc.so.6': 'of another system' });
    chmodSync(libraries, 0o755);
    const container = Container.configured(
      get(),
      'my-script',
      { command: 'echo "ready $$ $LD_LIBRARY_PATH"; exec sleep 1000' },
      `--volume=${libraries}:/libraries:ro`,
      '--env=LD_LIBRARY_PATH=/libraries',
    );
    await container.ready(1);
    expect(container.stdout).toMatch(/^ready \d+ \/libraries$/m);
  });

  test('a copied node alone does not start there', async () => {
    const container = new Container(get(), 'node-copied');
    expect((await container.ended).code).not.toBe(0);
    expect(container.log).toEqual([]);
    expect(container.stderr).toMatch(/no such file or directory/i);
  });
}

async function readyWorkers(container: Container, count: number): Promise<void> {
  await eventually(async () => {
    const metrics = await container.metrics();
    expect(metrics.get('supervisor_workers_ready')).toBe(count);
  });
}

/** All but the readiness probes that came before the server of a new worker was listening. */
function warnings(container: Container): readonly LogLine[] {
  return container.log.filter(({ level, probe }) => level === 'warn' && probe !== 'readiness');
}

/** What a server in the container answers with. */
async function body(container: Container, port: number): Promise<string> {
  const url = new URL(await container.url());
  url.port = String(port);
  const response = await fetch(url);
  return response.text();
}

async function said(container: Container, pattern: RegExp, times: number): Promise<void> {
  await eventually(() => {
    expect(container.stdout.match(pattern)).toHaveLength(times);
  });
}
