// Files that are no configuration at all, given to the real program: what it took to find out is bounded.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { CLI } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

const DEADLINE = 15_000;

/** Bytes that the program may take; a configuration of a few lines takes some 50 MiB. */
const MOST_MEMORY = 256 * 2 ** 20;

/** Writes down, at the end of the program, the most that it had. */
const MEASURE = `process.on('exit', () => {
  const { readFileSync, writeFileSync } = require('node:fs');
  const [, kibibytes] = /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  writeFileSync(process.env.PEAK, String(kibibytes * 1024));
})`;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program makes of its arguments, where it has ended in time and within its memory. */
function outcomeOf(cwd: string, args: readonly string[]): Outcome {
  writeFileSync(join(cwd, 'measure.cjs'), MEASURE);
  const peak = join(cwd, 'peak');
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    ['--require', join(cwd, 'measure.cjs'), CLI, ...args],
    {
      cwd,
      encoding: 'utf8',
      timeout: DEADLINE,
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 30,
      env: { PATH: process.env['PATH'], PEAK: peak, FORCE_COLOR: '1' },
    },
  );
  expect(error).toBeUndefined();
  expect(Number(readFileSync(peak, 'utf8'))).toBeLessThan(MOST_MEMORY);
  expect(stderr).not.toMatch(/^\s+at /m);
  return { status, stdout, stderr };
}

/** What it is refused with. */
function refusalOf(cwd: string, file: string, command: readonly string[]): string {
  const { status, stdout, stderr } = outcomeOf(cwd, [...command, '-c', file]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.length).toBeLessThan(64 * 1024);
  return stderr.replaceAll(file, 'FILE');
}

const MIB = 2 ** 20;
const TOO_LARGE = /^FILE: expected at most 1048576 bytes, as a ConfigMap holds them, found /;

/** Each anchor is ten times the one before. */
const LAUGHS = [
  'a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...Array.from({ length: 12 }, (_, n) => {
    const all = Array.from({ length: 10 }, () => `*a${n}`);
    return `a${n + 1}: &a${n + 1} [${all.join(', ')}]`;
  }),
  'command: [true]',
  'workers: *a12',
].join('\n');

function codes(code: number): string {
  return `[${Array.from({ length: 250_000 }, () => code).join(',')}]`;
}

describe('refused in time, within some memory, in words and by name', () => {
  test.each<[string, string, string | Buffer, RegExp]>([
    ['100 MiB', 'c.json', Buffer.alloc(100 * MIB, '['), TOO_LARGE],
    ['100 MiB', 'c.yaml', Buffer.alloc(100 * MIB, '- '), TOO_LARGE],
    [
      '100,000 brackets',
      'c.json',
      '['.repeat(100_000) + ']'.repeat(100_000),
      /^FILE: expected plain data, found a value that is nested too deeply\n$/,
    ],
    ['half as many', 'c.json', '['.repeat(100_000), /^FILE: expected valid JSON, found an error: /],
    ['a million brackets', 'c.json', '{"a":['.repeat(MIB / 6), /^FILE: expected valid JSON/],
    ['a million', 'c.yaml', '['.repeat(MIB), /^FILE: expected valid YAML, .*maxDepth/],
    ['a million dashes', 'c.yaml', '- '.repeat(MIB / 2), /^FILE: expected valid YAML/],
    [
      'aliases of aliases',
      'c.yaml',
      LAUGHS,
      /^FILE: \/a0: expected a known key.*\nFILE: \/workers: expected an integer .* found \[+"lol",.*…\n/s,
    ],
    ['an alias of itself', 'c.yaml', 'command: &a [*a]', /^FILE: \/command\/0: expected a string/],
    [
      '90,000 unknown keys',
      'c.json',
      `{${Array.from({ length: 90_000 }, (_, n) => `"k${n}":1`).join(',')}}`,
      /\nFILE: expected at most 100 problems, found more\n$/,
    ],
    [
      'a key of a MiB',
      'c.json',
      `{"command":["true"],"${'k'.repeat(MIB - 30)}":1}`,
      /^FILE: \/k{199}…: expected a known key, found "k+…; known are/,
    ],
    [
      'a long line that ends too early',
      'c.json',
      `{"command":["true"],"restart":{"successExitCodes":${codes(1)}`,
      /^FILE: expected valid JSON, found an error: /,
    ],
    [
      'a string without an end',
      'c.json',
      `{"command":["${'x'.repeat(MIB - 20)}`,
      /^FILE: expected valid JSON, found an error/,
    ],
    ['UTF-16', 'c.json', Buffer.from('\uFEFF{"command":["true"]}', 'utf16le'), /in UTF-8/],
    ['UTF-16', 'c.yaml', Buffer.from('\uFEFFcommand: [true]', 'utf16le'), /in UTF-8/],
    [
      'Latin-1',
      'c.json',
      Buffer.from('{"command":["caf\xe9"]}', 'latin1'),
      /^FILE: expected text in UTF-8, found other bytes\n$/,
    ],
    ['NUL', 'c.json', '{"command":["a\0b"]}', /^FILE: expected valid JSON[^]*a\uFFFDb/],
    ['NUL', 'c.yaml', 'command: ["a\0b"]', /^FILE: expected valid YAML.*null byte/],
    ['an escaped NUL', 'c.json', '{"command":["a\\u0000b"]}', /^FILE: \/command\/0: /],
    [
      'ends of lines and a terminal’s commands in a key',
      'c.json',
      '{"command":["true"],"a\\nb\\u001b[31m\\u2028":1}',
      /^FILE: \/a\\u000ab\\u001b\[31m\\u2028: expected a known key, /,
    ],
    ['nothing', 'c.yaml', '', /^FILE: \/command: expected /],
    [
      '__proto__',
      'c.json',
      '{"command":["true"],"__proto__":{"workers":7},"constructor":1}',
      /^FILE: \/__proto__: expected a known key, .*\nFILE: \/constructor: /,
    ],
  ])('%s as %s', (_, name, content, message) => {
    const cwd = workspace();
    writeFileSync(join(cwd, name), content);
    expect(refusalOf(cwd, name, ['check'])).toMatch(message);
  });

  test.each<[string, (path: string) => void, RegExp]>([
    [
      'a directory',
      (path) => {
        mkdirSync(path);
      },
      /^FILE: expected a readable file, found EISDIR\n$/,
    ],
    [
      'a pipe that nobody writes to',
      (path) => {
        spawnSync('mkfifo', [path]);
      },
      /^FILE: expected a readable file, found ETIMEDOUT\n$/,
    ],
    [
      'a symlink to itself',
      (path) => {
        symlinkSync(path, path);
      },
      /^FILE: .* found ELOOP\n$/,
    ],
    ['nothing at all', () => undefined, /^FILE: expected a file, found none\n$/],
    [
      'zeros without an end',
      (path) => {
        symlinkSync('/dev/zero', path);
      },
      TOO_LARGE,
    ],
    [
      'a full device',
      (path) => {
        symlinkSync('/dev/full', path);
      },
      TOO_LARGE,
    ],
    [
      'no device',
      (path) => {
        symlinkSync('/dev/null', path);
      },
      /^FILE: \/command: expected /,
    ],
  ])('%s', (_, make, message) => {
    const cwd = workspace();
    make(join(cwd, 'c.json'));
    expect(refusalOf(cwd, 'c.json', [])).toMatch(message);
  });

  test('a pipe in the place of a file that is searched for', () => {
    const cwd = workspace();
    spawnSync('mkfifo', [join(cwd, 'supervisor.config.yaml')]);
    expect(outcomeOf(cwd, ['check'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'supervisor.config.yaml: expected a file, found another thing\n',
    });
  });
});

test('long lists that are right are compared in time', () => {
  const restart = `{"successExitCodes":${codes(1)},"fatalExitCodes":${codes(2)}}`;
  const cwd = workspace({ 'c.json': `{"command":["true"],"restart":${restart}}` });
  expect(outcomeOf(cwd, ['check', '-c', 'c.json'])).toMatchObject({ status: 0 });
});

test('a configuration comes by a pipe too, whenever it is written', () => {
  const cwd = workspace({ 'c.json': '{"command":["true"]}' });
  const script = 'sleep 0.3 | node "$0" check -c <(sleep 0.3; cat c.json)';
  const { stdout, stderr } = spawnSync('bash', ['-c', script, CLI], { cwd, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^\/dev\/fd\/\d+: ok\n$/);
});
