import { describe, expect, test } from '@jest/globals';

import type { Event, EventType } from '../../src/core/event.ts';
import type { Exit } from '../../src/core/state.ts';
import { createLog, toJson, toText } from '../../src/observe/log.ts';
import { recordOf } from '../../src/observe/record.ts';

const exit: Exit = { code: 137, signal: 'SIGKILL', reason: 'signal', at: 5 };
const exited: Extract<Event, { type: 'worker-exited' }> = {
  type: 'worker-exited',
  worker: 1,
  pid: 10,
  start: 3,
  exitCode: -9,
  exit,
  oomKilled: null,
  lifetime: 1.23456,
  failure: true,
  restart: {
    delay: 0.5,
    attempt: 3,
    limit: { used: 2, restarts: 5, withinSeconds: 10 },
  },
};

const LINES: { readonly [Type in EventType]: readonly [Event & { type: Type }, string, string] } = {
  'supervisor-started': [
    { type: 'supervisor-started', pid: 1, workers: 2, workersFrom: null },
    'info',
    'Started parent process [1]',
  ],
  'worker-started': [
    { type: 'worker-started', worker: 0, pid: 10, start: 1, restartReason: null, restart: null },
    'info',
    'Started child process [10]',
  ],
  'worker-exited': [exited, 'error', 'Worker (pid:10) exited with code -9. Perhaps out of memory?'],
  'spawn-failed': [
    {
      type: 'spawn-failed',
      worker: 0,
      failure: { code: 'EAGAIN', message: 'try again', exitStatus: null },
      restart: null,
    },
    'error',
    'Worker could not be started: try again',
  ],
  'worker-stopping': [
    { type: 'worker-stopping', worker: 0, pid: 10, signal: 'SIGTERM', gracePeriod: 10 },
    'info',
    'Stopping child process [10]',
  ],
  'worker-killed': [
    { type: 'worker-killed', worker: 0, pid: 10, cause: 'stop timeout' },
    'warn',
    'Killing child process [10]: the time for the whole stop is over',
  ],
  'group-signalled': [
    { type: 'group-signalled', worker: 0, pid: 10, signal: 'SIGKILL' },
    'info',
    'Sent SIGKILL to what is left of process group [10]',
  ],
  'orphans-reaped': [{ type: 'orphans-reaped', count: 3 }, 'debug', 'Reaped orphaned processes'],
  notice: [{ type: 'notice', message: 'no koffi' }, 'warn', 'no koffi'],
  'worker-abandoned': [
    { type: 'worker-abandoned', worker: 0, pid: 10 },
    'error',
    'Leaving child process [10] behind: SIGKILL has not ended it',
  ],
  'kill-failed': [
    { type: 'kill-failed', worker: 0, pid: 10, signal: 'SIGTERM', message: 'kill EPERM' },
    'error',
    'Sending SIGTERM to child process [10] failed: kill EPERM',
  ],
  'signal-received': [
    { type: 'signal-received', signal: 'SIGTERM', action: 'stop' },
    'info',
    'Received SIGTERM',
  ],
  'supervisor-stopping': [
    {
      type: 'supervisor-stopping',
      cause: { type: 'failure', message: 'not found', exitStatus: 127 },
      timeout: 25,
    },
    'error',
    'Giving up: not found',
  ],
  'supervisor-stopped': [
    { type: 'supervisor-stopped', pid: 1, exitStatus: 0 },
    'info',
    'Stopping parent process [1]',
  ],
  'input-ignored': [
    { type: 'input-ignored', input: 'exited', worker: 3, state: 'stopped' },
    'warn',
    'Ignored "exited" in state "stopped"',
  ],
};

describe('the line of each event', () => {
  test.each(Object.entries(LINES))('%s', (_, [event, level, msg]) => {
    expect(recordOf(event)).toMatchObject({ level, msg });
  });

  test('the hint is for a SIGKILL that was not ours', () => {
    const killed = { ...exited, failure: false, exit: { ...exit, reason: 'killed' as const } };
    expect(recordOf(killed).msg).toBe('Worker (pid:10) exited with code -9.');
    expect(recordOf(killed).level).toBe('info');
  });
});

describe('the formats', () => {
  const time = new Date('2026-01-02T03:04:05.678Z');

  test('json has time, level, msg and the facts that there are', () => {
    expect(JSON.parse(toJson(recordOf({ ...exited, restart: null }), time))).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'error',
      msg: 'Worker (pid:10) exited with code -9. Perhaps out of memory?',
      worker: 1,
      pid: 10,
      exitCode: -9,
      signal: 'SIGKILL',
      reason: 'signal',
      restarts: 2,
      lifetimeSeconds: 1.235,
    });
  });

  test('a restart carries attempt, delay and limit', () => {
    expect(recordOf(exited).facts).toMatchObject({
      delaySeconds: 0.5,
      attempt: 3,
      limitUsed: 2,
      limitRestarts: 5,
      limitWithinSeconds: 10,
    });
  });

  test('text quotes what has spaces', () => {
    const record = { level: 'warn', msg: 'Hm', facts: { a: 1, b: 'x y', c: undefined } } as const;
    expect(toText(record, time)).toBe('2026-01-02T03:04:05.678Z WARN  Hm a=1 b="x y"');
  });

  test.each([
    ['auto', true, /^\d{4}-.* INFO {2}Hello\n$/],
    ['auto', false, /^\{"time":/],
    ['text', false, / INFO {2}Hello\n$/],
    ['json', true, /^\{"time":/],
  ] as const)('%s where isTTY is %p', (format, isTTY, expected) => {
    let written = '';
    const stream = { isTTY, write: (text: string) => (written += text) };
    createLog({ level: 'info', format }, stream)({ level: 'info', msg: 'Hello', facts: {} });
    expect(written).toMatch(expected);
  });

  test('what is less severe than the level is not written', () => {
    const written: string[] = [];
    const log = createLog(
      { level: 'warn', format: 'json' },
      { write: (text) => written.push(text) },
    );
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      log({ level, msg: level, facts: {} });
    }
    expect(written.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual([
      'warn',
      'error',
    ]);
  });
});
