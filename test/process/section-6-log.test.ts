import { describe, expect, test } from '@jest/globals';

import { Program, CLI } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

describe('the seed’s lines', () => {
  test('tell a life in order, each with its facts', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker('--stop-takes=0') });
    await supervisor.ready(2);
    await supervisor.stop();
    const [a, b] = [supervisor.pidOf(0), supervisor.pidOf(1)];
    expect(supervisor.messages()).toEqual([
      expect.stringMatching(/^Listening on http:\/\/\[::\]:\d+$/),
      `Started parent process [${supervisor.pid}]`,
      `Started child process [${a}]`,
      `Started child process [${b}]`,
      'Received SIGTERM',
      `Stopping child process [${a}]`,
      `Worker (pid:${a}) exited with code 0.`,
      `Stopping child process [${b}]`,
      `Worker (pid:${b}) exited with code 0.`,
      `Stopping parent process [${supervisor.pid}]`,
    ]);
    for (const line of supervisor.log) {
      expect(new Date(line.time).toISOString()).toBe(line.time);
      expect(line.level).toBe('info');
    }
  });

  test.each<[string, readonly string[], string, string, Record<string, unknown>]>([
    ['exit 0', ['--exit=0'], 'info', 'exited with code 0.', { exitCode: 0, reason: 'exit' }],
    ['exit 7', ['--exit=7'], 'error', 'exited with code 7.', { exitCode: 7, reason: 'exit' }],
    ['exit 255', ['--exit=255'], 'error', 'exited with code 255.', { exitCode: 255 }],
    [
      'SIGSEGV',
      ['--die=SIGSEGV'],
      'error',
      'exited with code -11.',
      { exitCode: -11, signal: 'SIGSEGV', reason: 'signal' },
    ],
    [
      'SIGTERM that is not ours',
      ['--die=SIGTERM'],
      'error',
      'exited with code -15.',
      { exitCode: -15, signal: 'SIGTERM', reason: 'signal' },
    ],
    [
      'SIGKILL',
      ['--die=SIGKILL'],
      'error',
      'exited with code -9. Perhaps out of memory?',
      { exitCode: -9, signal: 'SIGKILL', reason: 'signal' },
    ],
    ['exit 9 is no SIGKILL', ['--exit=9'], 'error', 'exited with code 9.', { exitCode: 9 }],
  ])('%s', async (_, options, level, text, facts) => {
    const supervisor = Supervisor.start({ command: worker(...options), reloadDelay: 60 });
    const [line] = await supervisor.logged(/exited/);
    const pid = supervisor.pidOf(0);
    expect(line).toMatchObject({
      level,
      msg: `Worker (pid:${pid}) ${text}`,
      worker: 0,
      pid,
      restarts: 0,
      ...facts,
    });
    expect(line?.['delaySeconds']).toBeGreaterThan(50);
    if (!('signal' in facts)) expect(line).not.toHaveProperty('signal');
  });
});

test('goes to standard error; the workers’ output passes through untouched', async () => {
  const script =
    'printf "no newline"; printf "\\377\\000" ; echo err >&2; echo ready 1; exec sleep 1000';
  const supervisor = Supervisor.start({ command: script });
  const chunks: Buffer[] = [];
  supervisor.child.stdout?.removeAllListeners('data').setEncoding('latin1');
  supervisor.child.stdout?.on('data', (text: string) => chunks.push(Buffer.from(text, 'latin1')));
  await supervisor.logged(/^Started child/);
  await supervisor.stop();
  expect(Buffer.concat(chunks)).toEqual(Buffer.from('no newline\xff\0ready 1\n', 'latin1'));
  expect(supervisor.stderr).toContain('err\n');
  expect(supervisor.log.length).toBeGreaterThan(3);
});

describe('the format', () => {
  test('text on request', async () => {
    const supervisor = Supervisor.start({ command: worker(), log: { format: 'text' } });
    await supervisor.ready(1);
    await supervisor.stop();
    const lines = supervisor.stderr.split('\n');
    expect(lines[1]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO {2}Started parent process \[(\d+)\] pid=\1 workers=1$/,
    );
    expect(lines.find((line) => line.includes('exited'))).toMatch(
      /Worker \(pid:\d+\) exited with code -15\. worker=0 .*signal=SIGTERM reason=stopped/,
    );
  });

  test('auto is text on a terminal', async () => {
    const args = ['--metrics-port=0', '--', ...worker('--exit=0')];
    const program = new Program(
      ['script', '-qec', [process.execPath, CLI, ...args].join(' '), '/dev/null'],
      { cwd: workspace(), env: { PATH: process.env['PATH'], SHELL: '/bin/sh' } },
    );
    await new Promise<void>((resolve) => {
      program.child.stdout?.on('data', () => {
        if (program.stdout.includes('Started child process')) resolve();
      });
    });
    expect(program.stdout).toMatch(/Z INFO {2}Started parent process \[\d+\]/);
  });
});
