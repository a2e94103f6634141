// Command lines and variables of any kind: each is understood, or refused in words with an exit status of the documented ones.
import { spawnSync } from 'node:child_process';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { parseCommandLine, UsageError } from '../../src/command-line/command-line.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { CLI } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { fuzz, inTime } from './fuzzing.ts';

const DEADLINE = 20_000;

/** Ends by itself, and has few workers. */
const CONFIG = {
  command: ['/bin/true'],
  restart: { policy: 'Never' },
  metrics: { port: 0 },
  log: { level: 'warn' },
};

const directory = workspace({
  'supervisor.config.json': CONFIG,
  'broken.yaml': 'command: [',
  'other.yaml': JSON.stringify(CONFIG),
});

const SUBCOMMANDS = ['run', 'check', 'config', 'schema', 'status', 'scale', 'restart', 'reload'];
const SWITCHES = ['--json', '--no-wait', '--show-env', '--help', '-h', '--version', '-V', '-hV'];
const FLAGS = ['-c', '--config', '--workers', '--reload-delay', '--metrics-port', '--log-level'];
const MORE_FLAGS = ['--log-format', '--socket', '--no-workers', '--__proto__', '--constructor'];
const VARIABLES = ['CONFIG', 'WORKERS', 'RELOAD_DELAY', 'METRICS_LISTEN_PORT', 'LOG_LEVEL'];
const MORE_VARIABLES = ['LOG_FORMAT', 'CONTROL_SOCKET', 'UNKNOWN', '__PROTO__'];
const VALUES = [
  '0',
  '2',
  '-1',
  '+1',
  '1e0',
  '0x1',
  '1.5',
  '1e999',
  'auto',
  '',
  ' ',
  'json',
  'debug',
];
const MORE_VALUES = [
  'other.yaml',
  'broken.yaml',
  '/',
  '/dev/null',
  '/dev/zero',
  'none.sock',
  '=',
  '--',
];

/** No number but those above, so that there are few workers. */
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.string({ maxLength: 10 }),
    fc.constantFrom('x'.repeat(50_000), '-'.repeat(500), '\ud800', 'ä€😀', '\u001b[31m', 'a\nb'),
  )
  // no system takes a NUL there
  .map((text) => text.replaceAll('\0', '').replaceAll(/\d/g, 'd'));

const value = fc.oneof(fc.constantFrom(...VALUES, ...MORE_VALUES), anyText);
const flag = fc.constantFrom(...FLAGS, ...MORE_FLAGS);
const word = fc.oneof(
  fc.constantFrom(...SUBCOMMANDS, ...SWITCHES, 'stop', '--', '-', '-c=', '--=', '---'),
  flag,
  value,
  fc.tuple(flag, value).map(([name, given]) => `${name}=${given}`),
);
const argv = fc
  .tuple(
    fc.option(fc.constantFrom(...SUBCOMMANDS), { nil: undefined, freq: 2 }),
    fc.array(
      fc.oneof(
        word.map((each) => [each]),
        fc.tuple(flag, value),
        fc.tuple(fc.constant('--'), fc.constantFrom('/bin/true', '/bin/false', '/', 'none', '')),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([subcommand, words]) => [
    ...(subcommand === undefined ? [] : [subcommand]),
    ...words.flat(),
  ]);

const environment = fc.dictionary(
  fc.constantFrom(...VARIABLES, ...MORE_VARIABLES).map((name) => `SUPERVISOR_${name}`),
  value,
  { maxKeys: 2 },
);

fuzz('a command line is understood, or refused in words', fc.tuple(argv, environment), (given) =>
  inTime(async () => {
    const [words, env] = given;
    try {
      const { flags, command } = parseCommandLine(words);
      await resolveConfig({ flags, command }, env, directory);
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
      expect(error.message).not.toBe('');
    }
  }),
);

/** Statuses that docs/signals-and-exit-statuses.md tells of: 126 and 127 are those of a command that cannot be run. */
const STATUSES = [0, 1, 2, 3, 126, 127];

fuzz(
  'the program ends with a word, or with what was asked for',
  fc.tuple(argv, environment),
  (given) => {
    const [words, variables] = given;
    const { status, signal, stdout, stderr, error } = spawnSync(process.execPath, [CLI, ...words], {
      cwd: directory,
      encoding: 'utf8',
      timeout: DEADLINE,
      killSignal: 'SIGKILL',
      // what is behind `--` is found by its whole path alone
      env: { PATH: directory, ...variables },
    });
    expect({ signal, error }).toEqual({ signal: null, error: undefined });
    expect(STATUSES).toContain(status);
    expect(stderr).not.toMatch(/^\s+at .*:\d+|node:internal|Uncaught/m);
    if (status !== 0) expect(stderr).not.toBe('');
    if (status === 2) expect(stdout).toBe('');
  },
);
