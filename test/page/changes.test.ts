import { describe, expect, test } from '@jest/globals';

import { changes } from '../../src/page/changes.ts';
import { skewOf } from '../../src/page/clock.ts';
import { CRASHED, statusDocument, workerDocument } from './documents.ts';

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
