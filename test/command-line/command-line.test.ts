import { describe, expect, test } from '@jest/globals';

import { isControl, parseCommandLine, UsageError } from '../../src/command-line/command-line.ts';

describe('what is asked of a running supervisor', () => {
  test.each([
    [['status'], { subcommand: 'status', json: false, operand: null }],
    [['status', '--json'], { subcommand: 'status', json: true }],
    [['scale', '0'], { subcommand: 'scale', operand: 0, wait: true }],
    [['scale', '10000', '--no-wait'], { subcommand: 'scale', operand: 10_000, wait: false }],
    [['--no-wait', 'scale', '3'], { subcommand: 'scale', operand: 3, wait: false }],
    [['restart'], { subcommand: 'restart', operand: null, wait: true }],
    [['restart', '07'], { subcommand: 'restart', operand: 7 }],
    [['reload', '-c', 'a.json'], { subcommand: 'reload', flags: { config: 'a.json' } }],
    [['stop', '--socket', '/run/x.sock'], { subcommand: 'stop', flags: { socket: '/run/x.sock' } }],
  ])('%j', (argv, expected) => {
    const line = parseCommandLine(argv);
    expect(line).toMatchObject(expected);
    expect(isControl(line.subcommand)).toBe(true);
  });

  test.each([
    [['scale'], 'scale: expected how many workers are wanted, 0 to 10000, found nothing'],
    [['scale', 'two'], 'scale: expected how many workers are wanted, 0 to 10000, found "two"'],
    [['scale', '1.5'], 'scale: expected how many workers are wanted, 0 to 10000, found "1.5"'],
    [['scale', '10001'], 'scale: expected how many workers are wanted, 0 to 10000, found "10001"'],
    [['scale', ''], 'scale: expected how many workers are wanted, 0 to 10000, found ""'],
    [['scale', '1', '2'], 'scale: expected no further argument, found "2"'],
    [['scale', '-1'], 'expected a known option, found "-1"'],
    [['restart', 'all'], 'restart: expected the index of a worker, an integer ≥ 0, found "all"'],
    [['restart', '0', '1'], 'restart: expected no further argument, found "1"'],
    [['status', '0'], 'status: expected no further argument, found "0"'],
    [['status', '--no-wait'], '--no-wait goes with scale, restart, reload, stop alone'],
    [['stop', '--json'], '--json goes with status alone'],
    [['run', '--json'], '--json goes with status alone'],
    [['--no-wait'], '--no-wait goes with scale, restart, reload, stop alone'],
    [['status', '--show-env'], '--show-env goes with config alone'],
    [
      ['scale', '2', '--workers', '3'],
      'scale: expected no override but --socket, found --workers; the supervisor is running already',
    ],
    [
      ['reload', '--', 'app'],
      'reload: expected no override but --socket, found --; the supervisor is running already',
    ],
    [['stop', '--socket='], '--socket: expected a path, found ""'],
    [['stpo'], /found "stpo"; did you mean "stop"\?/],
  ])('%j is bad usage', (argv, message) => {
    const parse = (): unknown => parseCommandLine(argv);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

test.each(['run', 'check', 'config', 'schema', 'help', 'version'] as const)(
  '%s is not',
  (subcommand) => {
    expect(isControl(subcommand)).toBe(false);
  },
);
