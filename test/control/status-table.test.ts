import { describe, expect, test } from '@jest/globals';

import { statusTable } from '../../src/control/status-table.ts';
import type { WorkerDocument } from '../../src/observe/status.ts';
import { CRASHED, NOW, statusDocument, workerDocument } from '../page/documents.ts';

/** Seconds before `NOW`, as documents give it. */
function before(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

test('a status is a line and a table', () => {
  const document = statusDocument([
    workerDocument({ since: before(185), cpuSeconds: 754 }),
    workerDocument({
      index: 1,
      starts: 12,
      lastExit: { code: 137, signal: 'SIGKILL', reason: 'oom', at: before(7300) },
    }),
    workerDocument({ index: 2, ...CRASHED }),
  ]);
  expect(statusTable(document, NOW)).toBe(
    `running: 2 of 3 workers ready (pid 1)
INDEX  STATE    READY  PID  UPTIME   STARTS  LAST EXIT              NEXT START  MEMORY    CPU
0      running  yes    100  3m5s     1       -                      -           1.00 MiB  12m34s
1      running  yes    100  10s      12      SIGKILL (oom), 2h ago  -           1.00 MiB  1.0s
2      backoff  no     -    down 5s  1       code 1 (exit), 5s ago  in 4s       -         -
`,
  );
});

test('what workers tell of themselves, and why they are not ready, comes last', () => {
  const document = statusDocument([
    workerDocument({ statusText: '3 of 10 loaded' }),
    workerDocument({ index: 1, ready: false, notReadyBecause: 'it has not told that it is ready' }),
    workerDocument({ index: 2, ready: false, notReadyBecause: 'it waits', statusText: 'Hello' }),
    workerDocument({ index: 3 }),
  ]);
  expect(statusTable(document, NOW)).toBe(
    `running: 2 of 4 workers ready (pid 1)
INDEX  STATE    READY  PID  UPTIME  STARTS  LAST EXIT  NEXT START  MEMORY    CPU   STATUS
0      running  yes    100  10s     1       -          -           1.00 MiB  1.0s  3 of 10 loaded
1      running  no     100  10s     1       -          -           1.00 MiB  1.0s  it has not told that it is ready
2      running  no     100  10s     1       -          -           1.00 MiB  1.0s  it waits; Hello
3      running  yes    100  10s     1       -          -           1.00 MiB  1.0s  -
`,
  );
});

test('without a worker there is no table', () => {
  const document = statusDocument([], { state: 'stopping', desired: 1, pid: 42 });
  expect(statusTable(document, NOW)).toBe('stopping: 0 of 1 worker ready (pid 42)\n');
});

describe('a cell', () => {
  const cells = (facts: Partial<WorkerDocument>): readonly string[] => {
    const [, , row = ''] = statusTable(statusDocument([workerDocument(facts)]), NOW).split('\n');
    return row.split(/ {2,}/);
  };

  test.each([
    [0, '0s'],
    [-5, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [3600 + 59, '1h'],
    [3600 + 61, '1h1m'],
    [86_400 * 3 + 3600 * 4 + 61, '3d4h'],
  ])('of an uptime of %d s', (seconds, expected) => {
    expect(cells({ since: before(seconds) })[4]).toBe(expected);
  });

  test('of what has never been is a dash', () => {
    expect(cells({ pid: null, since: null, residentMemoryBytes: null, cpuSeconds: null })).toEqual([
      '0',
      'running',
      'yes',
      '-',
      '-',
      '1',
      '-',
      '-',
      '-',
      '-',
    ]);
  });
});
