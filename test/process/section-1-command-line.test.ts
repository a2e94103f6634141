import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { readSchema } from '../../src/config/schema.ts';
import { childrenOf, environmentOf } from '../helpers/processes.ts';
import { VERSION } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  args: readonly string[],
  files: Readonly<Record<string, unknown>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const program = new Supervisor(workspace(files), { args, env });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const valid = { 'supervisor.config.json': { command: ['app'], env: { TOKEN: 'secret' } } };

describe('subcommands that start nothing', () => {
  test('--version prints the version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test('--help prints every flag and variable', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const word of [
      '--config',
      '--workers',
      '--reload-delay',
      '--metrics-port',
      '--log-level',
      '--log-format',
      '--socket',
      '--json',
      '--no-wait',
      'SUPERVISOR_CONFIG',
      'SUPERVISOR_WORKERS',
      'SUPERVISOR_RELOAD_DELAY',
      'SUPERVISOR_METRICS_LISTEN_PORT',
      'SUPERVISOR_LOG_LEVEL',
      'SUPERVISOR_LOG_FORMAT',
      'SUPERVISOR_CONTROL_SOCKET',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  test('schema prints the schema', async () => {
    const { code, stdout } = await run(['schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(readSchema());
  });

  test('check says that a file is fine', async () => {
    const ok = { code: 0, stdout: 'supervisor.config.json: ok\n', stderr: '' };
    expect(await run(['check'], valid)).toEqual(ok);
    const named = await run(['check', '-c', 'a.yaml'], { 'a.yaml': 'command: app' });
    expect(named.stdout).toBe('a.yaml: ok\n');
  });

  test('check tells every problem of a bad one, and exits with 2', async () => {
    const bad = { command: [], workers: 'two', sotp: {} };
    const { code, stdout, stderr } = await run(['check'], { 'supervisor.config.json': bad });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      'supervisor.config.json: /sotp: expected a known key, found "sotp"; did you mean "stop"?',
      'supervisor.config.json: /workers: expected an integer ≥ 0 or "auto", found "two"',
      'supervisor.config.json: /command: expected a non-empty array of strings or a non-empty string, found []',
    ]);
  });

  test('a parse error is told without colours, though the environment asks for them', async () => {
    const files = { 'supervisor.config.json': '{"command": ["app"}' };
    const { code, stderr } = await run(['check'], files, { CI: 'true', FORCE_COLOR: '1' });
    expect(code).toBe(2);
    expect(stderr).toContain('1 | {"command": ["app"}');
    expect(stderr).not.toContain('\u001B');
  });

  test('config prints what would run, with the values of env masked', async () => {
    const { code, stdout } = await run(['config', '--workers', '7'], valid);
    expect(code).toBe(0);
    expect(stdout).not.toContain('secret');
    expect(JSON.parse(stdout)).toMatchObject({
      workers: 7,
      command: ['app'],
      env: { TOKEN: '***' },
      reloadDelay: 0.5,
      metrics: { port: 9464 },
    });
  });

  test('config --show-env prints them', async () => {
    const { stdout } = await run(['config', '--show-env'], valid);
    expect(JSON.parse(stdout)).toMatchObject({ env: { TOKEN: 'secret' } });
  });
});

describe('bad usage exits with 2 and starts nothing', () => {
  test.each<[readonly string[], RegExp]>([
    [
      ['chekc'],
      /expected run, check, config, schema, status, scale, restart, reload, stop, found "chekc"; did you mean "check"\?/,
    ],
    [['nginx'], /found "nginx"; to run a command write it behind --/],
    [['run', 'nginx'], /run: expected no further argument, found "nginx"/],
    [['--worker', '2'], /expected a known option, found "--worker"; did you mean "--workers"\?/],
    [['-x'], /expected a known option, found "-x"/],
    [['--workers'], /--workers: expected a value, found nothing/],
    [['--workers='], /--workers: expected an integer ≥ 0 or "auto", found ""/],
    [['--help=yes'], /--help: expected no value, found "yes"/],
    [['--workers', 'two'], /--workers: expected an integer ≥ 0 or "auto", found "two"/],
    [['run', '--show-env'], /--show-env goes with config alone/],
    [['schema', '--workers', '1'], /schema: expected no option/],
    [['--'], /expected a command behind --, found nothing/],
    [['-c', 'absent.json'], /absent\.json: expected a file, found none/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(args, valid);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a bad file starts nothing', async () => {
    const marker = join(workspace(), 'started');
    const bad = { command: ['touch', marker], reloadDelay: 'soon' };
    const { code, stderr } = await run([], { 'supervisor.config.json': bad });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'supervisor.config.json: /reloadDelay: expected a number ≥ 0, found "soon"\n',
    );
    expect(existsSync(marker)).toBe(false);
  });

  test('no file at all is an error that says where it looked', async () => {
    const { code, stderr } = await run([]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/supervisor\.config\.json, .*\.supervisorrc.*package\.json.*-c FILE/);
  });
});

describe('no configuration is executed', () => {
  test.each(['.config/config.js', '.config/config.cjs', 'supervisor.config.js'])(
    '%s beside the file is not',
    async (script) => {
      const marker = join(workspace(), 'executed');
      const code = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`;
      const { code: status } = await run(['check'], { ...valid, [script]: code });
      expect(status).toBe(0);
      expect(existsSync(marker)).toBe(false);
    },
  );
});

describe('run', () => {
  test('is the default, and takes a command behind -- without a file', async () => {
    const supervisor = new Supervisor(workspace(), {
      args: ['--workers=2', '--metrics-port=0', '--log-format=json', '--', ...worker()],
    });
    await supervisor.ready(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('overrides by variables, which the workers do not get', async () => {
    const supervisor = Supervisor.start(
      { command: worker() },
      {
        args: ['run'],
        env: {
          SUPERVISOR_WORKERS: '2',
          SUPERVISOR_LOG_LEVEL: 'debug',
          SUPERVISOR_METRICS_LISTEN_PORT: '0',
          FROM_OUTSIDE: 'yes',
        },
      },
    );
    const [pid = 0] = await supervisor.ready(2);
    const env = environmentOf(pid);
    expect(env).toMatchObject({ FROM_OUTSIDE: 'yes', SUPERVISOR_WORKER_COUNT: '2' });
    expect(
      Object.keys(env)
        .filter((name) => name.startsWith('SUPERVISOR_'))
        .sort(),
    ).toEqual(['SUPERVISOR_WORKER_COUNT', 'SUPERVISOR_WORKER_INDEX', 'SUPERVISOR_WORKER_STARTS']);
  });

  test('the log level hides what is less severe', async () => {
    const supervisor = Supervisor.start({ command: worker() }, { args: ['--log-level', 'error'] });
    await supervisor.ready(1);
    await supervisor.stop();
    expect(supervisor.stderr).toBe('');
  });
});

describe('the exit status of run', () => {
  const broken = (directory: string, name: string, content: string, mode: number): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const files = workspace();
  mkdirSync(join(files, 'folder'));

  test.each<[string, Record<string, unknown>, number, string, RegExp]>([
    [
      'a missing command',
      { command: ['no-such-app'] },
      127,
      'ENOENT',
      /"no-such-app" was not found: it is/,
    ],
    [
      'a missing path',
      { command: ['/no/such'] },
      127,
      'ENOENT',
      /"\/no\/such" was not found: no such file/,
    ],
    [
      'an empty name',
      { command: ['$(EMPTY)'], env: { EMPTY: '' } },
      127,
      'ENOENT',
      /"" was not found/,
    ],
    [
      'a missing interpreter',
      { command: [broken(files, 'script', '#!/no/such/shell -e\n', 0o755)] },
      127,
      'ENOENT:interpreter',
      /script" was found, but its interpreter "\/no\/such\/shell" is missing/,
    ],
    [
      'lines that end with CR LF',
      { command: [broken(files, 'dos', '#!/bin/sh\r\ntrue\r\n', 0o755)] },
      127,
      'ENOENT:interpreter',
      /"\/bin\/sh\\r" is missing; end its lines with LF, not CR LF/,
    ],
    [
      'a file that may not be executed',
      { command: [broken(files, 'data', 'text', 0o644)] },
      126,
      'EACCES',
      /data", which is not executable/,
    ],
    [
      'a directory',
      { command: [join(files, 'folder')] },
      126,
      'EACCES',
      /folder", which is a directory/,
    ],
    [
      'a missing working directory',
      { command: ['true'], workingDir: '/no/such/place' },
      126,
      'ENOENT:workingDir',
      /workingDir: expected an existing directory, found "\/no\/such\/place"/,
    ],
    [
      'arguments that are too long',
      { command: ['true', 'x'.repeat(200_000)] },
      126,
      'E2BIG',
      /cannot execute "true": .*E2BIG/,
    ],
  ])('%s', async (_, config, status, error, message) => {
    const supervisor = Supervisor.start({ workers: 3, ...config });
    expect(await supervisor.ended).toEqual({ code: status, signal: null });
    const [failed] = supervisor.linesLike(/^Worker could not be started/);
    expect(failed?.msg).toMatch(message);
    expect(failed?.['error']).toBe(error);
    expect(supervisor.linesLike(/^Giving up/)).toMatchObject([
      { level: 'error', exitStatus: status },
    ]);
    expect(supervisor.messages().at(-1)).toBe(`Stopping parent process [${supervisor.pid}]`);
    expect(supervisor.linesLike(/^Started child/)).toEqual([]);
  });

  test('1 where the port is taken, before any worker starts', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, resolve));
    const { port } = blocker.address() as AddressInfo;
    const supervisor = Supervisor.start({ command: worker(), metrics: { port } });
    expect(await supervisor.ended).toEqual({ code: 1, signal: null });
    blocker.close();
    expect(supervisor.log).toMatchObject([
      {
        level: 'error',
        msg: `supervisor.config.json: /metrics/port: expected a free port, found ${port} in use; choose another with --metrics-port`,
      },
    ]);
    expect(supervisor.stdout).toBe('');
  });

  test('1 where the address is not ours', async () => {
    const metrics = { host: '192.0.2.1', port: 0 };
    const supervisor = Supervisor.start({ command: worker(), metrics });
    expect((await supervisor.ended).code).toBe(1);
    expect(supervisor.messages()).toEqual([
      'supervisor.config.json: /metrics/host: expected an address of this machine, found "192.0.2.1"',
    ]);
  });

  test('0 where it was asked to stop, whatever the workers’ own', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker('--stop-exit=9') });
    await supervisor.ready(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(childrenOf(process.pid)).not.toContain(supervisor.pid);
  });
});
