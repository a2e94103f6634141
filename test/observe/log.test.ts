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

const probed: Extract<Event, { type: 'worker-probed' }> = {
  type: 'worker-probed',
  worker: 0,
  pid: 10,
  probe: 'readiness',
  result: 'failed',
  isNew: true,
  message: 'no answer within 1 s',
  count: 1,
  threshold: 3,
};

const reloaded: Extract<Event, { type: 'config-reloaded' }> = {
  type: 'config-reloaded',
  at: 5,
  source: 'app.json',
  changed: ['/workers', '/env/A'],
  kept: [],
  workers: 4,
  workersFrom: 'the CPU limit',
};

const LINES: { readonly [Type in EventType]: readonly [Event & { type: Type }, string, string] } = {
  'supervisor-started': [
    { type: 'supervisor-started', at: 0, pid: 1, workers: 2, workersFrom: null },
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
  'worker-ready': [
    { type: 'worker-ready', worker: 0, pid: 10 },
    'debug',
    'Child process [10] is ready',
  ],
  'worker-unready': [
    {
      type: 'worker-unready',
      worker: 0,
      pid: 10,
      message: 'its readiness probe has failed (no answer within 1 s)',
    },
    'warn',
    'Child process [10] is not ready any more: its readiness probe has failed (no answer within 1 s)',
  ],
  'worker-probed': [
    probed,
    'warn',
    'Readiness probe of child process [10] failed: no answer within 1 s',
  ],
  'worker-unhealthy': [
    {
      type: 'worker-unhealthy',
      worker: 0,
      pid: 10,
      cause: 'liveness probe',
      message: 'failed 3 times in a row: no answer within 1 s',
    },
    'error',
    'Child process [10] is unhealthy: liveness probe failed 3 times in a row: no answer within 1 s',
  ],
  'worker-recycling': [
    {
      type: 'worker-recycling',
      worker: 0,
      pid: 10,
      cause: { type: 'memory', bytes: 560 * 2 ** 20, limit: 500.5 * 2 ** 20 + 0.5 },
    },
    'info',
    'Recycling child process [10]: it has 560 MiB of memory',
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
  'operation-received': [
    { type: 'operation-received', operation: { type: 'scale', workers: 3 } },
    'info',
    'Asked for: scale',
  ],
  'operation-refused': [
    { type: 'operation-refused', message: 'the supervisor is stopping' },
    'warn',
    'Refused: the supervisor is stopping',
  ],
  scaled: [{ type: 'scaled', from: 2, to: 3 }, 'info', 'Scaling from 2 to 3 workers'],
  'config-reloaded': [reloaded, 'info', 'Reloaded app.json: changed /workers, /env/A'],
  'config-reload-failed': [
    {
      type: 'config-reload-failed',
      source: 'app.json',
      problems: [
        'app.json: /workers: expected an integer ≥ 0 or "auto", found "x"',
        'app.json: /comand: expected a known key, found "comand"; did you mean "command"?',
      ],
    },
    'error',
    'Reloading app.json failed, and nothing has changed: app.json: /workers: expected an integer ≥ 0 or "auto", found "x"; app.json: /comand: expected a known key, found "comand"; did you mean "command"?',
  ],
  'rollout-started': [{ type: 'rollout-started', workers: 3 }, 'info', 'Rolling restart: started'],
  'rollout-finished': [
    { type: 'rollout-finished', workers: 3 },
    'info',
    'Rolling restart: finished',
  ],
  'rollout-superseded': [
    { type: 'rollout-superseded' },
    'info',
    'Rolling restart: superseded by a newer configuration',
  ],
  'rollout-aborted': [
    {
      type: 'rollout-aborted',
      worker: 1,
      message: 'worker 1 ended with code 1 before it was ready',
      remaining: 2,
    },
    'error',
    'Rolling restart: aborted, because worker 1 ended with code 1 before it was ready; the rest (2) stay as they were',
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
    const unhealthy = { ...exited, exit: { ...exit, reason: 'unhealthy' as const } };
    expect(recordOf(unhealthy).msg).toBe('Worker (pid:10) exited with code -9.');
    expect(recordOf(unhealthy).level).toBe('error');
  });
});

describe('the line of a probe', () => {
  test.each([
    ['startup', 'failed', true, 'debug', 'Startup probe of child process [10] failed: no'],
    ['readiness', 'failed', true, 'warn', 'Readiness probe of child process [10] failed: no'],
    ['readiness', 'failed', false, 'debug', 'Readiness probe of child process [10] failed: no'],
    ['liveness', 'failed', true, 'warn', 'Liveness probe of child process [10] failed: no'],
    [
      'liveness',
      'unknown',
      true,
      'warn',
      'Liveness probe of child process [10] could not be run: no',
    ],
    [
      'liveness',
      'unknown',
      false,
      'debug',
      'Liveness probe of child process [10] could not be run: no',
    ],
    ['liveness', 'successful', true, 'debug', 'Liveness probe of child process [10] succeeded'],
  ] as const)('%s, %s, new: %p', (probe, result, isNew, level, msg) => {
    const event = { ...probed, probe, result, isNew, message: 'no' };
    expect(recordOf(event)).toMatchObject({ level, msg });
  });

  test('counts failures beside what they lead to something at', () => {
    const facts = { worker: 0, pid: 10, probe: 'readiness' };
    expect(recordOf({ ...probed, count: 2 }).facts).toEqual({
      ...facts,
      result: 'failed',
      failures: 2,
      failureThreshold: 3,
    });
    const succeeded = recordOf({ ...probed, result: 'successful', threshold: 1 });
    expect(succeeded.facts).toEqual({ ...facts, result: 'successful' });
  });
});

describe('the line of a recycling', () => {
  const recycling = { type: 'worker-recycling', worker: 0, pid: 10 } as const;
  const facts = { worker: 0, pid: 10, reason: 'recycled' };

  test('has the age and the limit of that process', () => {
    const cause = { type: 'lifetime', lifetime: 3333.3333, limit: 3333.3331 } as const;
    expect(recordOf({ ...recycling, cause })).toEqual({
      level: 'info',
      msg: 'Recycling child process [10]: it has lived for 3333 s',
      facts: { ...facts, lifetimeSeconds: 3333.333, maxLifetimeSeconds: 3333.333 },
    });
  });

  test('has the memory and the limit of that process, in whole bytes', () => {
    const cause = { type: 'memory', bytes: 3 * 2 ** 20, limit: 2 * 2 ** 20 + 0.5 } as const;
    expect(recordOf({ ...recycling, cause })).toEqual({
      level: 'info',
      msg: 'Recycling child process [10]: it has 3 MiB of memory',
      facts: { ...facts, memoryBytes: 3 * 2 ** 20, maxMemoryBytes: 2 * 2 ** 20 },
    });
  });
});

describe('the line of a reload', () => {
  test.each([
    [[], [], 'info', 'nothing has changed'],
    [
      ['/workers'],
      ['/log'],
      'warn',
      'changed /workers; kept until the supervisor is restarted: /log',
    ],
    [[], ['/log', '/metrics'], 'warn', 'kept until the supervisor is restarted: /log, /metrics'],
  ])('that changes %j and keeps %j', (changed, kept, level, what) => {
    expect(recordOf({ ...reloaded, changed, kept })).toMatchObject({
      level,
      msg: `Reloaded app.json: ${what}`,
    });
  });

  test('has the number of workers, where it is from, and what has changed', () => {
    const line = JSON.parse(toJson(recordOf(reloaded), new Date())) as object;
    expect(line).toMatchObject({
      workers: 4,
      workersFrom: 'the CPU limit',
      changed: '/workers, /env/A',
    });
    expect(line).not.toHaveProperty('kept');
  });
});

describe('the line of an operation', () => {
  test.each([
    [{ type: 'scale', workers: 3 }, { workers: 3 }],
    [{ type: 'restart', worker: 0 }, { worker: 0 }],
    [{ type: 'restart', worker: null }, {}],
    [{ type: 'reload' }, {}],
  ] as const)('%j', (operation, facts) => {
    const line = toJson(recordOf({ type: 'operation-received', operation }), new Date(0));
    expect(JSON.parse(line)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      msg: `Asked for: ${operation.type}`,
      ...facts,
    });
  });
});

test('a rollout that has left nobody out says so of nobody', () => {
  const aborted = { worker: 1, message: 'worker 1 could not be started', remaining: 0 };
  expect(recordOf({ type: 'rollout-aborted', ...aborted }).msg).toBe(
    'Rolling restart: aborted, because worker 1 could not be started',
  );
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
