import { describe, expect, test } from '@jest/globals';

import { neededWorkers, readinessOf } from '../../src/core/readiness.ts';
import { statusOf } from '../../src/core/status.ts';
import type { Status } from '../../src/core/status.ts';
import { POLICY, World } from './harness.ts';

const statusIn = (world: World): Status => statusOf(world.state, world.now, POLICY);

describe('minReady', () => {
  test.each([
    [1, 4, 1],
    [0, 4, 0],
    [4, 4, 4],
    [9, 4, 4],
    [1, 0, 0],
    ['50%', 4, 2],
    ['50%', 3, 2],
    ['1%', 8, 1],
    ['0%', 8, 0],
    ['100%', 8, 8],
  ])('%p of %i wanted needs %i', (minReady, desired, needed) => {
    expect(neededWorkers(minReady, desired)).toBe(needed);
  });
});

describe('readiness', () => {
  test('not before every wanted worker has been ready once', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    expect(readinessOf(statusIn(world), 1)).toEqual({
      ready: false,
      reason: '1 of 2 workers ready; not every worker has been ready yet',
    });
    world.settle();
    expect(readinessOf(statusIn(world), 1).ready).toBe(true);
  });

  test('one crash among eight does not take the pod out of its Service', () => {
    const world = new World().start(8).exit(3, 1);
    expect(readinessOf(statusIn(world), 1)).toEqual({
      ready: true,
      reason: '7 of 8 workers ready; 1 needed',
    });
    expect(readinessOf(statusIn(world), '100%').ready).toBe(false);
  });

  test('with 0 wanted it is ready', () => {
    expect(readinessOf(statusIn(new World().start(0)), 1).ready).toBe(true);
  });

  test('not from the first instant of a stop', () => {
    const world = new World().start(1).signal('SIGTERM');
    expect(readinessOf(statusIn(world), 1)).toEqual({
      ready: false,
      reason: '0 of 1 workers ready; the supervisor is stopping',
    });
  });
});

describe('status', () => {
  test('counts restarts by the reason of the end before', () => {
    const world = new World().start(1);
    for (const [code, signal] of [
      [-9, 'SIGKILL'],
      [3, null],
      [4, null],
    ] as const) {
      world.advance(9).exit(0, code, signal).settle();
    }
    expect(statusIn(world).workers).toMatchObject([
      { starts: 4, restarts: { signal: 1, exit: 2 }, since: 27 },
    ]);
  });

  test('tells how each worker stands', () => {
    const world = new World().start(2).advance(0.25).exit(1, -9, 'SIGKILL');
    expect(statusIn(world)).toEqual({
      predecessors: [],
      pid: 1,
      state: 'running',
      desired: 2,
      ready: 1,
      workers: [
        {
          index: 0,
          state: 'running',
          ready: true,
          notReadyBecause: null,
          statusText: null,
          pid: 100,
          starts: 1,
          since: 0,
          restarts: {},
          lastExit: null,
          nextStartIn: null,
        },
        {
          index: 1,
          state: 'backoff',
          ready: false,
          notReadyBecause: null,
          statusText: null,
          pid: null,
          starts: 1,
          since: 0.25,
          restarts: {},
          lastExit: { code: 137, signal: 'SIGKILL', reason: 'signal', at: 0.25 },
          nextStartIn: 0.25,
        },
      ],
    });
  });
});
