import { describe, expect, test } from '@jest/globals';

import type { Policy } from '../../src/core/policy.ts';
import { PROGRESS_DEADLINE } from '../../src/core/progress.ts';
import { nextDeadline } from '../../src/core/step.ts';
import { POLICY, World } from './harness.ts';

const MIB = 2 ** 20;

const recycling = (recycle: Partial<NonNullable<Policy['recycle']>>, more: Partial<Policy> = {}) =>
  new World({ ...POLICY, recycle: { jitter: 0, ...recycle }, ...more });

/** When the shell was told to look at the memory. */
const looks = (world: World): readonly number[] =>
  world.effects.filter(({ type }) => type === 'sample-memory').map(({ at }) => at);

/** What was asked for last is answered: so many MiB for each worker. */
function sampled(world: World, mebibytes: readonly number[], seconds = 0.001): World {
  const samples = mebibytes.map((each, worker) => ({
    worker,
    start: world.state.slots[worker]?.starts ?? 0,
    bytes: each * MIB,
  }));
  world.feed({ type: 'memory-sampled', samples, seconds });
  return world.settle();
}

const asked = (world: World): readonly (readonly [number, number])[] =>
  world
    .kills()
    .filter(([, signal]) => signal === 'SIGTERM')
    .map(([worker, , at]) => [worker, at]);

describe('by lifetime', () => {
  test('workers that are due together are replaced one after the other', () => {
    const world = recycling({ maxLifetimeSeconds: 100 }, { minReadySeconds: 2 }).start(3);
    world.advance(100);
    expect(asked(world)).toEqual([[0, 100]]);
    world.advance(5);
    expect(asked(world)).toEqual([[0, 100]]);
    world.exit(0, 0).settle().advance(1.9);
    expect(asked(world)).toHaveLength(1);
    world.advance(0.1);
    expect(asked(world)).toEqual([
      [0, 100],
      [1, 107],
    ]);
  });

  test('the reason is recycled, and it counts neither against the limit nor for the backoff', () => {
    const world = recycling(
      { maxLifetimeSeconds: 10 },
      {
        restart: {
          policy: 'Never',
          successExitCodes: [0],
          fatalExitCodes: [9],
          limit: { restarts: 0, withinSeconds: 1000 },
        },
      },
    ).start(1);
    world.advance(10).exit(0, 9).settle();
    expect(world.eventsOf('worker-exited')).toMatchObject([
      { exit: { reason: 'recycled' }, failure: false },
    ]);
    expect(world.eventsOf('worker-started')[1]).toMatchObject({
      restartReason: 'recycled',
      restart: null,
    });
    expect(world.state.slots[0]?.restarts).toEqual({ recycled: 1 });
    expect(world.eventsOf('worker-recycling')).toMatchObject([
      { worker: 0, pid: 100, cause: { type: 'lifetime', lifetime: 10, limit: 10 } },
    ]);
    // nobody has asked for a rolling restart
    expect(world.events.map(({ type }) => type)).not.toContain('rollout-started');
    expect(world.events.map(({ type }) => type)).not.toContain('rollout-finished');
  });

  test('jitter lowers the limit of each process by a share of its own', () => {
    const world = recycling({ maxLifetimeSeconds: 100, jitter: 0.5 });
    world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawned', worker: 1, start: 1, pid: 101, random: 0.5 });
    world.advance(75);
    expect(asked(world)).toEqual([[1, 75]]);
  });

  test('waits while another worker is missing', () => {
    const world = recycling({ maxLifetimeSeconds: 10 }, { reloadDelay: 5 }).start(2).advance(8);
    world.exit(1, 1).settle().exit(1, 1).advance(2.9);
    expect(asked(world)).toEqual([]);
    // it is started at 13, and a pass later the replacement could be too
    world.advance(8);
    expect(asked(world)).toEqual([[0, 18]]);
  });

  test('with a surge the replacement is ready first', () => {
    const world = recycling(
      { maxLifetimeSeconds: 10 },
      { rollout: { maxUnavailable: 0, maxSurge: 1 }, minReadySeconds: 1 },
    ).start(1);
    world.advance(10.5);
    expect(world.spawns().map(([, , at]) => at)).toEqual([0, 10]);
    expect(asked(world)).toEqual([]);
    world.advance(0.5);
    expect(asked(world)).toEqual([[0, 11]]);
    world.feed({
      type: 'exited',
      worker: 0,
      start: 1,
      exitCode: 0,
      signal: null,
      groupAlive: false,
      oomKills: null,
      random: 0,
    });
    expect(world.eventsOf('worker-exited')).toMatchObject([{ exit: { reason: 'recycled' } }]);
  });

  test('a rolling restart that was asked for waits for nobody who is recycled', () => {
    const world = recycling({ maxLifetimeSeconds: 10 }, { workers: 3 }).start(3).advance(9);
    world.feed({
      type: 'operation',
      id: 1,
      operation: { type: 'restart', worker: 2 },
      wait: true,
    });
    world.settle().exit(2, 0).settle();
    expect(world.effects.filter(({ type }) => type === 'answer')).toHaveLength(1);
    world.advance(1);
    expect(asked(world).slice(1)).toEqual([[0, 10]]);
  });

  test('a restart of the one that waits to be recycled is a restart', () => {
    const world = recycling({ maxLifetimeSeconds: 10 }, { reloadDelay: 5 }).start(2).advance(8);
    world.exit(1, 1).settle().exit(1, 1).advance(2);
    expect(world.eventsOf('worker-recycling')).toEqual([]);
    world.feed({
      type: 'operation',
      id: 1,
      operation: { type: 'restart', worker: 0 },
      wait: true,
    });
    world.advance(8).exit(0, 0).settle();
    expect(world.eventsOf('worker-exited').at(-1)).toMatchObject({ exit: { reason: 'rollout' } });
    expect(world.eventsOf('rollout-started')).toHaveLength(1);
  });
});

describe('by memory', () => {
  test('it is looked at once a second, and only where it is asked for', () => {
    const world = recycling({ maxMemory: '100Mi' }).start(2);
    sampled(world, [10, 10]).advance(1);
    expect(world.effects.at(-1)).toMatchObject({
      type: 'sample-memory',
      groups: [
        { worker: 0, start: 1, pid: 100, limit: 100 * MIB },
        { worker: 1, start: 1, pid: 101, limit: 100 * MIB },
      ],
    });
    sampled(world, [10, 10]).advance(1);
    expect(looks(world)).toEqual([0, 1, 2]);
    expect(looks(recycling({ maxLifetimeSeconds: 5 }).start(2).advance(3))).toEqual([]);
  });

  test('a look that takes long is followed by a pause a hundred times as long', () => {
    const world = recycling({ maxMemory: '100Mi' }).start(1).advance(0.25);
    sampled(world, [10], 0.25).advance(100);
    expect(looks(world)).toEqual([0, 25.25]);
  });

  test('there is nothing to look at without workers', () => {
    const world = recycling({ maxMemory: '100Mi' }).start(0);
    expect(nextDeadline(world.state, world.policy)).toBe(null);
    expect(looks(world)).toEqual([]);
  });

  test('the largest that is too large is replaced first, and a leak before old age', () => {
    const world = recycling({ maxMemory: '100Mi', maxLifetimeSeconds: 1 }).start(3).advance(0.9);
    sampled(world, [90, 110, 120]);
    expect(world.eventsOf('worker-recycling')).toMatchObject([
      { worker: 2, cause: { type: 'memory', bytes: 120 * MIB, limit: 100 * MIB } },
    ]);
    world.advance(1).exit(2, 0).settle().advance(1);
    expect(asked(world).map(([worker]) => worker)).toEqual([2, 1]);
  });

  test('in a rolling restart the one that leaks comes first, once', () => {
    const world = recycling({ maxMemory: '100Mi' }, { minReadySeconds: 1 }).start(4).advance(2);
    world.feed({
      type: 'operation',
      id: 1,
      operation: { type: 'restart', worker: null },
      wait: true,
    });
    sampled(world.settle(), [10, 10, 10, 200]);
    expect(asked(world).map(([worker]) => worker)).toEqual([0]);
    for (const worker of [0, 3, 1, 2]) world.exit(worker, 0).settle().advance(1.5);
    expect(asked(world).map(([worker]) => worker)).toEqual([0, 3, 1, 2]);
    expect(world.eventsOf('worker-recycling')).toEqual([]);
    expect(world.eventsOf('rollout-finished')).toMatchObject([{ workers: 4 }]);
  });

  test('what is measured of an earlier process is not held against the next', () => {
    const world = recycling({ maxMemory: '100Mi' }).start(1).exit(0, 1).settle();
    world.feed({
      type: 'memory-sampled',
      samples: [{ worker: 0, start: 1, bytes: 999 * MIB }],
      seconds: 0,
    });
    expect(asked(world.settle())).toEqual([]);
  });
});

test('one that leaks and is not ready does not wait for one that is old and has to', () => {
  const world = recycling({ maxLifetimeSeconds: 10, maxMemory: '100Mi' }, { minReadySeconds: 100 });
  world.start(2).advance(1);
  world.policy = { ...world.policy, minReadySeconds: 0 };
  world.settle();
  world.policy = { ...world.policy, minReadySeconds: 1000 };
  world.exit(1, 1).settle().advance(9.5);
  // worker 0 is old, and the only one that is ready
  expect(asked(world)).toEqual([]);
  sampled(world, [10, 200]).advance(1);
  expect(asked(world).map(([worker]) => worker)).toEqual([1]);
});

describe('a replacement that does not become ready', () => {
  const readinessProbe = {
    tcpSocket: { host: '127.0.0.1', port: 80 },
    initialDelaySeconds: 0,
    periodSeconds: 1000,
    timeoutSeconds: 1000,
    successThreshold: 1,
    failureThreshold: 3,
  };

  const rolled = (rollout: Policy['rollout']): World => {
    const world = new World({ ...POLICY, rollout }).start(2).advance(1);
    const policy = { ...world.policy, command: ['other'], readinessProbe };
    world.feed({ type: 'file-changed' });
    world.settle();
    world.policy = policy;
    const what = { source: 'file', countFrom: null, changed: [], kept: [], masked: [] };
    world.feed({
      type: 'loaded',
      result: { type: 'configuration', workers: 3, count: 2, ...what },
    });
    return world.settle();
  };

  test('ends the rollout in the end, and its slot goes back to what it had', () => {
    const world = rolled({ maxUnavailable: 1, maxSurge: 0 }).exit(0, 0).settle();
    expect(world.state.slots[0]).toMatchObject({ template: { command: ['other'] } });
    world.advance(PROGRESS_DEADLINE - 1);
    expect(asked(world)).toHaveLength(1);
    world.advance(1.5);
    expect(world.eventsOf('rollout-aborted')).toMatchObject([
      { worker: 0, message: 'worker 0 was not ready 600 s after it had started', remaining: 1 },
    ]);
    expect(asked(world)).toHaveLength(2);
    world.exit(0, 0).settle().advance(1);
    expect(world.state.slots[0]).toMatchObject({
      template: { command: ['app'] },
      fallback: null,
      state: { name: 'running' },
    });
    expect(world.state.slots[1]).toMatchObject({ template: { command: ['app'] }, starts: 1 });
  });

  test('has all the time of its startup probe before that', () => {
    const world = rolled({ maxUnavailable: 1, maxSurge: 0 });
    world.policy = {
      ...world.policy,
      startupProbe: { ...readinessProbe, timeoutSeconds: 900, failureThreshold: 1 },
    };
    world
      .exit(0, 0)
      .settle()
      .advance(PROGRESS_DEADLINE + 200);
    expect(world.eventsOf('rollout-aborted')).toEqual([]);
    world.advance(200);
    expect(world.eventsOf('worker-unhealthy')).toMatchObject([{ cause: 'startup probe' }]);
    world.exit(0, 1).settle();
    expect(world.eventsOf('rollout-aborted')).toHaveLength(1);
  });

  test('with a surge its predecessor stays', () => {
    const world = rolled({ maxUnavailable: 0, maxSurge: 1 });
    world.advance(PROGRESS_DEADLINE + 1);
    expect(world.eventsOf('rollout-aborted')).toHaveLength(1);
    expect(world.state.predecessors).toMatchObject([{ index: 0, state: { name: 'running' } }]);
    expect(asked(world)).toEqual([[0, 1 + PROGRESS_DEADLINE]]);
    world.exit(0, 0).settle();
    expect(world.state.slots[0]).toMatchObject({ state: { pid: 100, ready: true } });
    expect(world.state.predecessors).toEqual([]);
  });
});
