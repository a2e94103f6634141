import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { inheritedEnvironment } from '../../src/config/overrides.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { ConfigArguments, ResolvedConfig } from '../../src/config/resolve.ts';
import { workspace } from '../helpers/workspace.ts';

const NOTHING: ConfigArguments = { flags: {}, command: null };

function resolveIn(
  directory: string,
  args: Partial<ConfigArguments> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<ResolvedConfig> {
  return resolveConfig({ ...NOTHING, ...args }, env, directory);
}

async function errorIn(...args: Parameters<typeof resolveIn>): Promise<string> {
  try {
    await resolveIn(...args);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

const config = { command: ['app'] };
const yaml = 'command: [app]\n';

describe('the search', () => {
  test.each([
    ['supervisor.config.json', config],
    ['supervisor.config.yaml', yaml],
    ['supervisor.config.yml', yaml],
    ['.supervisorrc', yaml],
    ['.supervisorrc', config],
    ['.supervisorrc.json', config],
    ['.supervisorrc.yaml', yaml],
    ['.supervisorrc.yml', yaml],
    ['package.json', { name: 'x', supervisor: config }],
  ])('finds %s', async (name, content) => {
    const { file, config } = await resolveIn(workspace({ [name]: content }));
    expect(file).toBe(name);
    expect(config.command).toEqual(['app']);
  });

  test('takes the first of several', async () => {
    const directory = workspace({
      'package.json': { supervisor: { command: ['last'] } },
      '.supervisorrc.json': { command: ['second'] },
      'supervisor.config.yaml': 'command: [first]',
    });
    expect((await resolveIn(directory)).config.command).toEqual(['first']);
  });

  test('looks in the working directory alone', async () => {
    const directory = workspace({ 'supervisor.config.json': config, 'sub/keep': '' });
    expect(await errorIn(join(directory, 'sub'))).toMatch(
      /expected a configuration file .*, found none/,
    );
  });

  test('passes over a package.json without the key', async () => {
    expect(await errorIn(workspace({ 'package.json': { name: 'x' } }))).toMatch(
      /found none; name one/,
    );
  });

  test('does not pass over an empty file', async () => {
    const directory = workspace({ 'supervisor.config.json': '', '.supervisorrc.json': config });
    expect(await errorIn(directory)).toMatch(
      /^supervisor.config.json: \/command: .* found nothing$/,
    );
  });

  test('does not pass over a YAML file with comments alone', async () => {
    const directory = workspace({ 'supervisor.config.yaml': '# soon\n', '.supervisorrc': yaml });
    expect(await errorIn(directory)).toMatch(/^supervisor.config.yaml: \/command/);
  });
});

describe('no configuration is executed', () => {
  const script = (marker: string): string =>
    `require('node:fs').writeFileSync(${JSON.stringify(marker)}, ''); module.exports = {};`;

  test.each([
    '.config/config.js',
    '.config/config.cjs',
    'supervisor.config.js',
    '.supervisorrc.cjs',
  ])('%s is not even looked at', async (name) => {
    const directory = workspace({ 'supervisor.config.json': config });
    const marker = join(directory, 'executed');
    const scripted = workspace({ 'supervisor.config.json': config, [name]: script(marker) });
    const previous = process.cwd();
    process.chdir(scripted);
    try {
      await resolveIn(scripted);
      // an import that was begun would have run by now
      await new Promise(setImmediate);
      await import('node:child_process');
    } finally {
      process.chdir(previous);
    }
    expect(existsSync(marker)).toBe(false);
  });

  test('a file that names another is refused, not followed', async () => {
    const marker = join(workspace(), 'executed');
    const directory = workspace({
      'supervisor.config.json': { ...config, $import: './more.js' },
      'more.js': script(marker),
    });
    expect(await errorIn(directory)).toMatch(
      /^supervisor\.config\.json: \/\$import: expected a known key, found "\$import"/,
    );
    expect(existsSync(marker)).toBe(false);
  });

  test('a script that is named is refused', async () => {
    const directory = workspace({ 'supervisor.js': 'module.exports = {}' });
    expect(await errorIn(directory, { flags: { config: 'supervisor.js' } })).toMatch(
      /supervisor\.js: expected a JSON or YAML file, found a script \(\.js\)/,
    );
  });
});

describe('a named file', () => {
  test('by flag, relative to the working directory or absolute', async () => {
    const directory = workspace({ 'sub/app.json': config });
    for (const name of ['sub/app.json', join(directory, 'sub/app.json')]) {
      expect((await resolveIn(directory, { flags: { config: name } })).file).toBe(name);
    }
  });

  test('by environment variable; the flag goes before it', async () => {
    const directory = workspace({ 'a.json': config, 'b.yaml': yaml });
    const env = { SUPERVISOR_CONFIG: 'b.yaml' };
    expect((await resolveIn(directory, {}, env)).file).toBe('b.yaml');
    expect((await resolveIn(directory, { flags: { config: 'a.json' } }, env)).file).toBe('a.json');
  });

  test('with any other name is read as YAML, which JSON is too', async () => {
    const directory = workspace({ 'worker.conf': config, config: yaml });
    expect((await resolveIn(directory, { flags: { config: 'worker.conf' } })).file).toBe(
      'worker.conf',
    );
    expect((await resolveIn(directory, { flags: { config: 'config' } })).file).toBe('config');
  });

  test('with a byte order mark', async () => {
    const directory = workspace({ 'a.json': `\uFEFF${JSON.stringify(config)}` });
    expect((await resolveIn(directory, { flags: { config: 'a.json' } })).file).toBe('a.json');
  });

  test.each([
    ['absent.json', /^absent\.json: expected a file, found none$/],
    ['folder', /^folder: expected a readable file, found EISDIR$/],
    ['package.json', /^package\.json: expected a configuration, found no key "supervisor"$/],
    [
      'broken.json',
      /^broken\.json: expected valid JSON, found an error: .*\n?.*1 \| \{"command":/s,
    ],
    ['broken.yaml', /^broken\.yaml: expected valid YAML, found an error: .*\(2:1\)/s],
    ['twice.yaml', /^twice\.yaml: expected valid YAML, found an error: duplicated mapping key/],
  ])('%s: an error that names it', async (name, expected) => {
    const directory = workspace({
      'package.json': {},
      'broken.json': '{"command": ["app"}',
      'broken.yaml': 'command: [app\n',
      'twice.yaml': 'workers: 1\nworkers: 2\n',
    });
    mkdirSync(join(directory, 'folder'));
    expect(await errorIn(directory, { flags: { config: name } })).toMatch(expected);
  });
});

describe('precedence', () => {
  const file = {
    workers: 2,
    command: ['app'],
    args: ['x'],
    reloadDelay: 2,
    metrics: { port: 2000, path: '/m' },
    log: { level: 'warn', format: 'text' },
  };
  const env = {
    SUPERVISOR_WORKERS: '3',
    SUPERVISOR_RELOAD_DELAY: '0.25',
    SUPERVISOR_METRICS_LISTEN_PORT: '3000',
    SUPERVISOR_LOG_LEVEL: 'error',
    SUPERVISOR_LOG_FORMAT: 'json',
  };

  test('the file goes before the defaults', async () => {
    expect((await resolveIn(workspace({ '.supervisorrc.json': file }))).config).toMatchObject(file);
  });

  test('the environment goes before the file', async () => {
    const { config } = await resolveIn(workspace({ '.supervisorrc.json': file }), {}, env);
    expect(config).toMatchObject({
      workers: 3,
      reloadDelay: 0.25,
      metrics: { port: 3000, path: '/m' },
      log: { level: 'error', format: 'json' },
    });
  });

  test('a flag goes before the environment', async () => {
    const flags = {
      workers: 'auto',
      'reload-delay': '4',
      'metrics-port': '0',
      'log-level': 'debug',
    };
    const { config } = await resolveIn(workspace({ '.supervisorrc.json': file }), { flags }, env);
    expect(config).toMatchObject({
      workers: 'auto',
      reloadDelay: 4,
      metrics: { port: 0 },
      log: { level: 'debug', format: 'json' },
    });
  });

  test.each([
    ['.5', 0.5],
    ['5e-1', 0.5],
    ['+2', 2],
    ['2.', 2],
  ])('%s is the number %p', async (text, number) => {
    const { config } = await resolveIn(workspace({ '.supervisorrc.json': file }), {
      flags: { 'reload-delay': text },
    });
    expect(config.reloadDelay).toBe(number);
  });

  test('an empty variable counts as not set', async () => {
    const empty = { SUPERVISOR_WORKERS: '', SUPERVISOR_CONFIG: '' };
    expect(
      (await resolveIn(workspace({ '.supervisorrc.json': file }), {}, empty)).config.workers,
    ).toBe(2);
  });

  test('a Service’s variable is not mistaken for a port', async () => {
    const injected = { SUPERVISOR_METRICS_PORT: 'tcp://10.0.0.1:9464' };
    const { config } = await resolveIn(workspace({ '.supervisorrc.json': file }), {}, injected);
    expect(config.metrics.port).toBe(2000);
  });

  test('-- replaces command and args, and needs no file', async () => {
    const command = ['other', '--flag'];
    const inFile = await resolveIn(workspace({ '.supervisorrc.json': file }), { command });
    expect(inFile.config).toMatchObject({ command, args: [], workers: 2 });
    expect(await resolveIn(workspace(), { command })).toMatchObject({
      file: null,
      config: { command },
    });
  });

  test('a wrong value is told of the flag or variable that brought it', async () => {
    const flags = { workers: 'two' };
    const message = await errorIn(
      workspace({ '.supervisorrc.json': { ...file, wrokers: 1 } }),
      { flags },
      {
        SUPERVISOR_METRICS_LISTEN_PORT: '70000',
      },
    );
    expect(message.split('\n')).toEqual([
      '.supervisorrc.json: /wrokers: expected a known key, found "wrokers"; did you mean "workers"?',
      '--workers: expected an integer ≥ 0 or "auto", found "two"',
      'SUPERVISOR_METRICS_LISTEN_PORT: expected at most 65535, found 70000',
    ]);
  });

  test('an override of something that is no object leaves that to be told', async () => {
    const directory = workspace({ '.supervisorrc.json': { ...file, metrics: 'on' } });
    expect(await errorIn(directory, { flags: { 'metrics-port': '1' } })).toMatch(
      /^\.supervisorrc\.json: \/metrics: expected an object, found "on"$/,
    );
  });
});

test('what is meant for the supervisor alone is not inherited', () => {
  const env = {
    PATH: '/bin',
    SUPERVISOR_CONFIG: 'x',
    SUPERVISOR_WORKERS: '1',
    SUPERVISOR_RELOAD_DELAY: '1',
    SUPERVISOR_METRICS_LISTEN_PORT: '1',
    SUPERVISOR_LOG_LEVEL: 'info',
    SUPERVISOR_LOG_FORMAT: 'json',
    SUPERVISOR_ANYTHING: 'kept',
  };
  expect(inheritedEnvironment(env)).toEqual({ PATH: '/bin', SUPERVISOR_ANYTHING: 'kept' });
});

test('a file that may not be read is told, and not passed over for the next', async () => {
  const directory = workspace({ 'supervisor.config.json': config, '.supervisorrc': yaml });
  chmodSync(join(directory, 'supervisor.config.json'), 0);
  chmodSync(directory, 0o755);
  const asNobody = process.getuid?.() === 0;
  if (asNobody) process.seteuid?.(65534);
  try {
    expect(await errorIn(directory)).toBe(
      'supervisor.config.json: expected a readable file, found EACCES',
    );
  } finally {
    if (asNobody) process.seteuid?.(0);
  }
});
