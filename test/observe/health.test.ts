import { describe, expect, test } from '@jest/globals';

import type { Status, WorkerStatus } from '../../src/core/status.ts';
import { readyz } from '../../src/observe/health.ts';
import { statusDocument } from '../../src/observe/status.ts';

const WORKER: WorkerStatus = {
  index: 0,
  state: 'running',
  ready: true,
  notReadyBecause: null,
  statusText: null,
  pid: null,
  since: 1,
  starts: 1,
  restarts: {},
  lastExit: null,
  nextStartIn: null,
};

function statusOf(...workers: readonly Partial<WorkerStatus>[]): Status {
  const all = workers.map((facts, index) => ({ ...WORKER, index, ...facts }));
  const ready = all.filter((worker) => worker.ready).length;
  return { pid: 1, state: 'running', desired: all.length, ready, workers: all, predecessors: [] };
}

describe('/readyz', () => {
  test('says of each worker that is not ready why, before how it ended last', () => {
    const { status, body } = readyz(
      statusOf(
        {},
        { ready: false, notReadyBecause: 'its readiness probe does not succeed' },
        {
          ready: false,
          notReadyBecause: 'it has not told that it is ready',
          lastExit: { code: 137, signal: 'SIGKILL', reason: 'unhealthy', at: 1 },
        },
      ),
      2,
    );
    expect(status).toBe(503);
    expect(body).toBe(
      [
        '[+]worker 0 running',
        '[-]worker 1 running, its readiness probe does not succeed',
        '[-]worker 2 running, it has not told that it is ready, last exit: unhealthy, code 137',
        'readyz check failed: 1 of 3 workers ready; 2 needed',
        '',
      ].join('\n'),
    );
  });

  test('holds nothing that a worker says of itself', () => {
    const told = { ready: false, notReadyBecause: 'it waits', statusText: 'Loaded' };
    expect(readyz(statusOf(told), 1).body).not.toContain('Loaded');
  });
});

describe('what a worker says of itself', () => {
  const shown = (statusText: string | null): string | null | undefined =>
    statusDocument(statusOf({ statusText })).workers[0]?.statusText;

  test.each([
    [null, null],
    ['', null],
    [' \t\n', null],
    ['3 of 10 loaded', '3 of 10 loaded'],
    ['<b>no markup</b> & "quotes"', '<b>no markup</b> & "quotes"'],
    ['two\nlines\r\n and a\ttab', 'two lines and a tab'],
    // what moves a terminal's cursor or turns the writing direction
    ['a\u001b[2J\u009bb\u202ec\u2066d\u2028e\u0000f', 'a [2J b c d e f'],
    ['Ladevorgang läuft 🚀', 'Ladevorgang läuft 🚀'],
    ['x'.repeat(200), 'x'.repeat(200)],
    ['x'.repeat(201), `${'x'.repeat(199)}…`],
    ['🚀'.repeat(201), `${'🚀'.repeat(199)}…`],
    ['x'.repeat(1e6), `${'x'.repeat(199)}…`],
  ])('%j is one line for people', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test('is cut also where little is left of what was looked at', () => {
    expect(shown(`${' '.repeat(1000)}x`)).toBe('…');
  });
});
