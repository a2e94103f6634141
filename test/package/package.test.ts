// The package as strangers get it: packed, installed into an empty project, run and type-checked there.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, test } from '@jest/globals';

import { install, pack } from '../helpers/installed.ts';
import type { Packed } from '../helpers/installed.ts';
import { Page } from '../helpers/page.ts';
import { ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

const run = promisify(execFile);

const PAGE = new Page('docs/api.md');

let packed: Packed;
let project: string;
let withoutScripts: string;

beforeAll(async () => {
  packed = await pack();
  project = workspace({ 'package.json': { type: 'module' } });
  withoutScripts = workspace({ 'package.json': {} });
  await install(project, packed.tarball);
  await install(withoutScripts, packed.tarball, '--ignore-scripts', '--omit=optional');
}, 120_000);

/** Writes a file into the project and runs it. */
async function node(name: string, text: string, ...options: readonly string[]): Promise<string> {
  writeFileSync(join(project, name), text);
  const { stdout } = await run(process.execPath, [...options, name], { cwd: project });
  return stdout;
}

describe('the tarball', () => {
  test('has what it should, and no more', () => {
    const folders = new Map<string, number>();
    for (const { path } of packed.files) {
      const folder = /^(deploy\/\w+|dist\/library)\//.exec(path)?.[1] ?? path;
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
    expect([...folders.keys()].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'deploy/grafana',
      'deploy/helm',
      'deploy/kubernetes',
      'deploy/prometheus',
      'dist/cli.cjs',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/library',
      'dist/page.html',
      'dist/third-party-licenses.txt',
      'package.json',
      'schemas/supervisor.schema.json',
      'supervisor.config.example.json',
    ]);
    expect(
      packed.files.map(({ path }) => path).filter((path) => /\/ci\/|\.test\./.test(path)),
    ).toEqual([]);
  });

  test('is no larger than it has to be', () => {
    // the program 0.6 MB, the library 0.4, charts, dashboards and manifests 0.5
    expect(packed.unpackedSize).toBeLessThan(2_000_000);
    expect(packed.size).toBeLessThan(500_000);
  });

  test('has a program that can be executed', () => {
    const bin = join(project, 'node_modules/.bin/container-supervisor');
    expect(statSync(bin).mode & 0o111).toBe(0o111);
    expect(readFileSync(bin, 'utf8').split('\n', 1)).toEqual(['#!/usr/bin/env node']);
  });
});

describe.each([
  ['as npm does it', () => project],
  ['without scripts and without koffi', () => withoutScripts],
])('the program, installed %s', (_, directory) => {
  test('runs', async () => {
    const npx = async (...args: readonly string[]): Promise<string> => {
      const { stdout } = await run('npx', ['--offline', 'container-supervisor', ...args], {
        cwd: directory(),
      });
      return stdout;
    };
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
      version: string;
    };
    expect(await npx('--version')).toBe(`${version}\n`);
    expect(await npx('check', '--', 'true')).toBe('configuration: ok\n');
    writeFileSync(
      join(directory(), 'once.json'),
      JSON.stringify({ restart: { policy: 'Never' }, metrics: { port: 0 }, command: 'echo done' }),
    );
    expect(await npx('-c', 'once.json')).toBe('done\n');
  });
});

describe('the library', () => {
  const USE = `
    const { status } = new Multiprocess({ command: ['true'], workers: 3 });
    console.log(typeof status, Multiprocess.prototype instanceof BaseReload, new Multiprocess({ command: 'true' }).workers);
  `;

  test('is imported, and required', async () => {
    expect(
      await node(
        'main.mjs',
        `import { BaseReload, Multiprocess } from 'container-supervisor'; ${USE}`,
      ),
    ).toBe('function true 1\n');
    const required = `const { BaseReload, Multiprocess } = require('container-supervisor'); ${USE}`;
    expect(await node('main.cjs', required, '--no-warnings')).toBe('function true 1\n');
  });

  test('has the schema beside it', async () => {
    const text =
      "import schema from 'container-supervisor/schema' with { type: 'json' }; console.log(schema.properties.workers.default);";
    expect(await node('schema.mjs', text, '--no-warnings')).toBe('1\n');
    expect(
      await node(
        'schema.cjs',
        "console.log(require('container-supervisor/schema').properties.workers.default);",
      ),
    ).toBe('1\n');
  });

  const recipes = ['Watch it', 'Operate it', 'Override it'];

  test.each(recipes)('“%s” of its page prints what is said', async (heading) => {
    const [, printed = ''] =
      /^```js\n[^]*?^```\n\n```\n([^]*?)^```$/m.exec(
        PAGE.text.split(`\n## ${heading}\n`)[1] ?? '',
      ) ?? [];
    expect(printed).not.toBe('');
    const said = await node('recipe.mjs', PAGE.block('js', heading));
    expect(said.replace(/^\{.*\n/gm, '')).toBe(printed);
  });

  test('“Run it” of its page runs', async () => {
    writeFileSync(
      join(project, 'worker.js'),
      'process.kill(process.ppid, "SIGTERM"); setInterval(() => {}, 1e6);',
    );
    await node('recipe.mjs', PAGE.block('js', 'Run it'));
  });

  test('the example of BaseReload runs', async () => {
    const [, example = ''] = /```js\n(import \{ BaseReload[^]*?)```/.exec(PAGE.text) ?? [];
    expect(await node('ticker.mjs', example)).toBe('3 ticks\n');
  });
});

const TYPED = `
  import { BaseReload, ConfigError, Multiprocess } from 'container-supervisor';
  import type { Config, Event, ExitReason, Observer, Status, UserConfig, WorkerProcess } from 'container-supervisor';

  const config: UserConfig = { command: ['node', 'worker.js'], workers: 'auto', stop: { order: 'parallel' } };
  const observe: Observer = (event) => {
    if (event.type === 'worker-exited') event.exit.reason satisfies ExitReason;
  };
  class Mine extends Multiprocess {
    override shouldRestart(): boolean { return false; }
    override async shutdown(): Promise<void> { await super.shutdown(); }
  }
  const mine: BaseReload = new Mine(config, { observers: [observe] });
  const supervisor = new Multiprocess(config);
  const complete: Config = supervisor.config;
  complete.stop.gracePeriodSeconds.toFixed();
  const processes: readonly WorkerProcess[] = supervisor.processes;
  processes[0]?.kill('SIGTERM', 'group');
  const status: Status = supervisor.status();
  export const all = [mine, status, ConfigError];

  /** Every event, so that a new one is seen by the compiler. */
  export function worker(event: Event): number | null {
    switch (event.type) {
      case 'worker-started': case 'worker-exited': case 'spawn-failed': case 'worker-ready': case 'worker-unready':
      case 'worker-probed': case 'worker-unhealthy': case 'worker-recycling': case 'worker-stopping':
      case 'worker-killed': case 'group-signalled': case 'worker-abandoned': case 'kill-failed': case 'rollout-aborted':
      case 'input-ignored':
        return event.worker;
      case 'supervisor-started': case 'orphans-reaped': case 'notice': case 'signal-received':
      case 'operation-received': case 'operation-refused': case 'scaled': case 'config-reloaded':
      case 'config-reload-failed': case 'rollout-started': case 'rollout-finished': case 'rollout-superseded':
      case 'supervisor-stopping': case 'supervisor-stopped':
        return null;
      default:
        return event satisfies never;
    }
  }
`;

const WRONG = `
  import { Multiprocess } from 'container-supervisor';
  // @ts-expect-error an unknown key
  new Multiprocess({ command: ['true'], worker: 3 });
`;

const JAVASCRIPT = `
  import { Multiprocess } from 'container-supervisor';

  /** @type {import('container-supervisor').UserConfig} */
  const config = { command: ['true'], workers: 3 };
  const supervisor = new Multiprocess(config, { observers: [(event) => void event.type] });
  supervisor.operate({ type: 'scale', workers: 2 });
  // @ts-expect-error a wrong type
  supervisor.operate({ type: 'scale', workers: '2' });
`;

describe.each(['typescript/lib/tsc.js', '@typescript/native/bin/tsc'])('by %s', (compiler) => {
  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'the types hold in TypeScript and in JavaScript: module %s, %s',
    async (module, resolution) => {
      // nothing else is there: not even the types of Node.js
      writeFileSync(join(project, 'main.ts'), TYPED);
      writeFileSync(join(project, 'wrong.ts'), WRONG);
      writeFileSync(join(project, 'main.js'), JAVASCRIPT);
      const compile = [
        `${ROOT}node_modules/${compiler}`,
        '--noEmit',
        '--strict',
        '--target',
        'es2022',
      ];
      const how = ['--skipLibCheck', 'false', '--module', module, '--moduleResolution', resolution];
      const files = ['--allowJs', '--checkJs', 'main.ts', 'wrong.ts', 'main.js'];
      const { stdout } = await run(process.execPath, [...compile, ...how, ...files], {
        cwd: project,
      }).catch((error: unknown) => error as { readonly stdout: string });
      expect(stdout).toBe('');
    },
    60_000,
  );
});

describe('the package as others judge it', () => {
  test('publint finds nothing', async () => {
    const { stdout } = await run(process.execPath, [
      `${ROOT}node_modules/publint/src/cli.js`,
      packed.tarball,
      '--strict',
    ]);
    expect(stdout).toContain('All good!');
  });

  test('attw finds nothing', async () => {
    // with any problem it fails. It is a module, which a CommonJS project of before `require` of modules cannot load
    const attw = `${ROOT}node_modules/@arethetypeswrong/cli/dist/index.js`;
    const { stdout } = await run(process.execPath, [
      attw,
      packed.tarball,
      '--profile=esm-only',
      '--no-emoji',
      '--no-color',
      '--exclude-entrypoints',
      'schema',
    ]);
    expect(stdout).toContain('OK (ESM)');
  });
});

test('every type that an export needs is exported', () => {
  const types = readFileSync(`${ROOT}dist/index.d.ts`, 'utf8');
  const declared = [
    ...types.matchAll(/^(?:declare )?(?:abstract )?(?:class|interface|type) (\w+)/gm),
  ].map(([, name]) => name ?? '');
  const exported = [...types.matchAll(/^export (?:type )?\{(.*)\};$/gm)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  );
  expect(declared.filter((name) => !exported.includes(name))).toEqual(['Argument']);
  expect(existsSync(`${ROOT}dist/index.js`)).toBe(true);
});
