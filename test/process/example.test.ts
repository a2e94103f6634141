import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { CLI, Program, ROOT } from '../helpers/program.ts';

test('the example runs in a terminal, and Ctrl-C stops it in order', async () => {
  const command = [
    process.execPath,
    CLI,
    '-c',
    'supervisor.config.example.json',
    '--metrics-port=0',
  ];
  const terminal = new Program(['script', '-qec', `exec ${command.join(' ')}`, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], SHELL: '/bin/sh' },
  });
  await eventually(() => {
    expect(terminal.stdout.match(/worker \d \(start 1\): ready/g)).toHaveLength(3);
  });
  terminal.child.stdin?.write('\x03');
  expect((await terminal.ended).code).toBe(0);
  const steps = [...terminal.stdout.matchAll(/worker (\d) \(start 1\): (finishing|bye)/g)];
  expect(steps.map(([, worker, step]) => `${worker} ${step}`)).toEqual([
    '0 finishing',
    '0 bye',
    '1 finishing',
    '1 bye',
    '2 finishing',
    '2 bye',
  ]);
  expect(terminal.stdout).toMatch(/Received SIGINT/);
});
