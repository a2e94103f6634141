import { describe, expect, test } from '@jest/globals';

import { changes } from '../../src/page/changes.ts';
import { skewOf } from '../../src/page/clock.ts';
import { CRASHED, replacing, statusDocument, workerDocument } from './documents.ts';

describe('what a screen reader is told', () => {
  const calm = statusDocument([0, 1, 2, 3].map((index) => workerDocument({ index })));

  test('is nothing while memory and CPU change alone', () => {
    const after = calm.workers.map((worker) => ({ ...worker, cpuSeconds: 9 }));
    expect(changes(calm, statusDocument(after))).toBe('');
  });

  test('is that a worker has ended, and later that all are ready again', () => {
    const [first, ...others] = calm.workers;
    const crashed = statusDocument([{ ...first!, ...CRASHED }, ...others]);
    expect(changes(calm, crashed)).toBe('Worker 0 has ended (code 1). 3 of 4 ready.');
    const replaced = { ...first!, pid: 101, lastExit: CRASHED.lastExit };
    expect(changes(crashed, statusDocument([replaced, ...others]))).toBe('4 of 4 ready.');
  });

  test('is that it has been replaced, where both happened', () => {
    const [first, ...others] = calm.workers;
    const lastExit = { code: 137, signal: 'SIGKILL', reason: 'oom', at: CRASHED.since } as const;
    const replaced = { ...first!, pid: 101, starts: 2, lastExit };
    expect(changes(calm, statusDocument([replaced, ...others]))).toBe(
      'Worker 0 has ended (SIGKILL, oom) and has been replaced. 4 of 4 ready.',
    );
  });

  test('sums up many', () => {
    const all = statusDocument(calm.workers.map((worker) => ({ ...worker, ...CRASHED })));
    expect(changes(calm, all)).toBe('4 workers have ended. 0 of 4 ready.');
  });

  test('is that a worker has been replaced, once its predecessor is gone', () => {
    const [, ...others] = calm.workers;
    const desired = { desired: 4, ready: 4 };
    const [predecessor, replacement] = replacing();
    const surged = statusDocument([predecessor, replacement, ...others], desired);
    expect(changes(calm, surged)).toBe('');
    const lastExit = { code: 0, signal: null, reason: 'rollout', at: CRASHED.since } as const;
    const ready = { ...replacement, ready: true, lastExit };
    const told = 'Worker 0 has ended (code 0, rollout) and has been replaced. 4 of 4 ready.';
    expect(changes(surged, statusDocument([ready, ...others]))).toBe(told);
    expect(changes(calm, statusDocument([ready, ...others]))).toBe(told);
    const left = { ...predecessor, state: 'stopping', pid: null, ready: false, lastExit } as const;
    expect(changes(surged, statusDocument([left, ready, ...others], desired))).toBe(told);
  });

  test('is that a replacement has ended, where its predecessor stays', () => {
    const [first, ...others] = calm.workers;
    const surged = statusDocument([...replacing(), ...others], { desired: 4, ready: 4 });
    const restored = statusDocument([{ ...first!, lastExit: CRASHED.lastExit }, ...others]);
    const told = 'The replacement of worker 0 has ended (code 1). 4 of 4 ready.';
    expect(changes(surged, restored)).toBe(told);
    expect(changes(calm, restored)).toBe(told);
  });

  test('is how many are wanted, not that surplus ones have gone', () => {
    const fewer = statusDocument(calm.workers.slice(0, 3));
    expect(changes(calm, fewer)).toBe('3 workers wanted. 3 of 3 ready.');
    const again = [...fewer.workers, workerDocument({ index: 3, lastExit: CRASHED.lastExit })];
    expect(changes(fewer, statusDocument(again))).toBe('4 workers wanted. 4 of 4 ready.');
  });

  test('is what the supervisor does, how many are wanted, and that it is another', () => {
    expect(changes(calm, { ...calm, state: 'stopping' })).toBe('The supervisor is stopping.');
    expect(changes(calm, { ...calm, desired: 5 })).toBe('5 workers wanted.');
    expect(changes(calm, { ...calm, pid: 2 })).toBe('Another supervisor answers. 4 of 4 ready.');
  });
});

describe("the supervisor's clock", () => {
  test('is ours as long as the whole second of its date allows that', () => {
    expect(skewOf(0, 5000, 5400, 5450)).toBe(0);
    expect(skewOf(0, 5000, 5990, 6010)).toBe(0);
  });

  test('is ahead, or behind, by what the date asks for at least', () => {
    expect(skewOf(0, 65_000, 5400, 5450)).toBe(59_550);
    expect(skewOf(0, 5000, 65_400, 65_450)).toBe(-59_400);
  });

  test('does not move while the dates agree with what is known', () => {
    expect(skewOf(59_800, 65_000, 5400, 5450)).toBe(59_800);
  });

  test('stays where there is no date', () => {
    expect(skewOf(7, NaN, 1, 2)).toBe(7);
  });
});
