import { describe, expect, test } from '@jest/globals';

import { recorded } from '../../src/page/history.ts';
import type { History } from '../../src/page/history.ts';
import { sparkline } from '../../src/page/sparkline.ts';
import type { WorkerDocument } from '../../src/observe/status.ts';
import { CRASHED, replacing, statusDocument, workerDocument } from './documents.ts';

/** The history of one worker, from what it was at each time in milliseconds. */
function historyOf(moments: readonly (readonly [number, Partial<WorkerDocument>])[]): History {
  return moments.reduce<History>(
    (history, [at, facts]) => recorded(history, statusDocument([workerDocument(facts)]), at),
    new Map(),
  );
}

describe('the share of a CPU', () => {
  const shareOf = (history: History): number | null => history.get('0')?.at(-1)?.cpuShare ?? null;

  test('is not known from one sample', () => {
    expect(shareOf(historyOf([[0, { cpuSeconds: 5 }]]))).toBeNull();
  });

  test('is averaged over three seconds', () => {
    const history = historyOf([
      [0, { cpuSeconds: 0 }],
      [1000, { cpuSeconds: 1 }],
      [2000, { cpuSeconds: 1 }],
      [3000, { cpuSeconds: 1 }],
      [4000, { cpuSeconds: 1.6 }],
    ]);
    expect(shareOf(history)).toBeCloseTo(0.2);
  });

  test('is of the present process alone', () => {
    const history = historyOf([
      [0, { cpuSeconds: 50 }],
      [1000, { pid: 101, cpuSeconds: 0.5 }],
    ]);
    expect(shareOf(history)).toBeNull();
  });

  test('is not known after a time that nobody watched', () => {
    const history = historyOf([
      [0, { cpuSeconds: 1 }],
      [60_000, { cpuSeconds: 2 }],
    ]);
    expect(shareOf(history)).toBeNull();
  });

  test('is not known where /proc does not tell', () => {
    const history = historyOf([
      [0, { cpuSeconds: null }],
      [1000, { cpuSeconds: null }],
    ]);
    expect(shareOf(history)).toBeNull();
  });
});

describe('the history', () => {
  test('is of the last minute', () => {
    const history = historyOf([0, 1000, 61_000].map((at) => [at, {}]));
    expect(history.get('0')?.map(({ at }) => at)).toEqual([1000, 61_000]);
  });

  test('forgets workers that are gone', () => {
    const both = recorded(
      new Map(),
      statusDocument([workerDocument(), workerDocument({ index: 1 })]),
      0,
    );
    expect([...recorded(both, statusDocument([workerDocument()]), 1000).keys()]).toEqual(['0']);
  });
});

describe('the history of a worker that is replaced', () => {
  const pidsOf = (history: History): object =>
    Object.fromEntries([...history].map(([key, samples]) => [key, samples.map(({ pid }) => pid)]));
  const recordedAll = (moments: readonly (readonly WorkerDocument[])[]): History =>
    moments.reduce<History>(
      (history, workers, at) => recorded(history, statusDocument(workers), at * 1000),
      new Map(),
    );
  const [predecessor, replacement] = replacing({ pid: 100, cpuSeconds: 1 });
  const due = { ...replacement, state: 'stopped', pid: null, cpuSeconds: null } as const;
  const before = [[workerDocument()], [workerDocument()]];

  test('goes on with its process, and begins anew with the replacement', () => {
    const history = recordedAll([...before, [predecessor, due], [predecessor, replacement]]);
    expect(pidsOf(history)).toEqual({ '0 before': [100, 100, 100, 100], '0': [null, 101] });
    expect(history.get('0 before')?.at(-1)?.cpuShare).toBe(0);
  });

  test('is the same where the replacement has been started between two documents', () => {
    const history = recordedAll([...before, [predecessor, replacement]]);
    expect(pidsOf(history)).toEqual({ '0 before': [100, 100, 100], '0': [101] });
  });

  test('is that of the replacement once the predecessor is gone', () => {
    const history = recordedAll([...before, [predecessor, replacement], [replacement]]);
    expect(pidsOf(history)).toEqual({ '0': [101, 101] });
  });

  test('is that of the process again which stays without its replacement', () => {
    const history = recordedAll([...before, [predecessor, replacement], [workerDocument()]]);
    expect(pidsOf(history)).toEqual({ '0': [100, 100, 100, 100] });
  });

  test('is nobody else’s', () => {
    const other = workerDocument({ index: 1, pid: 200 });
    const history = recordedAll([
      [workerDocument(), other],
      [predecessor, replacement, other],
    ]);
    expect(pidsOf(history)).toEqual({ '0 before': [100, 100], '0': [101], '1': [200, 200] });
  });
});

describe('the drawing', () => {
  const drawn = (moments: Parameters<typeof historyOf>[0]): string =>
    sparkline(historyOf(moments).get('0') ?? [], ({ memoryBytes }) => memoryBytes, 100).line;

  test('has the newest sample at its right edge, 0 at the bottom and the most at the top', () => {
    expect(
      drawn([
        [0, { residentMemoryBytes: 0 }],
        [3000, { residentMemoryBytes: 100 }],
      ]),
    ).toBe('M114 22.5h0L120 1.5');
  });

  test('has a gap where the process is another one, or there was none', () => {
    const other = { pid: 101, residentMemoryBytes: 100 };
    const line = drawn([
      [0, { residentMemoryBytes: 100 }],
      [1000, other],
      [2000, other],
      [3000, CRASHED],
      [4000, { ...other, pid: 102 }],
    ]);
    expect(line.match(/M/g)).toHaveLength(3);
    expect(line.match(/L/g)).toHaveLength(1);
  });

  test('has a gap where nobody watched', () => {
    expect(
      drawn([
        [0, {}],
        [5000, {}],
      ]).match(/[ML]/g),
    ).toEqual(['M', 'M']);
  });

  test('fills each part of the line down to the bottom', () => {
    const samples = historyOf([
      [0, { residentMemoryBytes: 50 }],
      [1000, { residentMemoryBytes: 50 }],
      [2000, { pid: 101, residentMemoryBytes: 50 }],
    ]).get('0');
    const { area } = sparkline(samples ?? [], ({ memoryBytes }) => memoryBytes, 100);
    expect(area).toBe('M116 24V12L118 12V24ZM120 24V12V24Z');
  });

  test('is nothing without samples', () => {
    expect(sparkline([], () => 1, 1)).toEqual({ line: '', area: '' });
  });
});
