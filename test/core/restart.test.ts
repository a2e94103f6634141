import { describe, expect, test } from '@jest/globals';

import { nextDeadline } from '../../src/core/step.ts';
import { policyWith, World } from './harness.ts';

describe('start', () => {
  test('starts every worker in index order, and nothing more', () => {
    const world = new World().start(3);
    expect(world.spawns()).toEqual([
      [0, 1, 0],
      [1, 1, 0],
      [2, 1, 0],
    ]);
    expect(world.state.phase.name).toBe('running');
    expect(nextDeadline(world.state, world.policy)).toBeNull();
  });

  test('tells that the parent has started before any child', () => {
    const world = new World().start(1);
    expect(world.events.map((event) => event.type)).toEqual([
      'supervisor-started',
      'worker-started',
    ]);
  });

  test('has one spawn under way at a time', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 3, workersFrom: null, pid: 1, oomKills: 0 });
    expect(world.feed({ type: 'tick' })).toHaveLength(1);
    expect(world.feed({ type: 'tick' })).toHaveLength(0);
    expect(nextDeadline(world.state, world.policy)).toBeNull();
  });

  test('with 0 workers it idles without a deadline', () => {
    const world = new World().start(0);
    expect(world.state.phase.name).toBe('running');
    expect(nextDeadline(world.state, world.policy)).toBeNull();
  });

  test('tells each worker how many are wanted', () => {
    const world = new World().start(2);
    expect(world.effects).toMatchObject([{ count: 2 }, { count: 2 }]);
  });
});

describe('the pace of restarts', () => {
  test('after a quiet time a dead worker is replaced at once, in its own slot', () => {
    const world = new World().start(3).advance(60).exit(1, 1).settle();
    expect(world.spawns().at(-1)).toEqual([1, 2, 60]);
    expect(world.eventsOf('worker-exited')).toMatchObject([
      { worker: 1, restart: { delay: 0 }, failure: true },
    ]);
    expect(world.eventsOf('worker-started').at(-1)).toMatchObject({ worker: 1, start: 2 });
  });

  test('right after the start it waits for the rest of reloadDelay', () => {
    const world = new World().start(2).advance(0.125).exit(0, 1).advance(10);
    expect(world.spawns().at(-1)).toEqual([0, 2, 0.5]);
    expect(world.eventsOf('worker-exited')).toMatchObject([{ restart: { delay: 0.375 } }]);
  });

  test('a crash loop restarts once per reloadDelay', () => {
    const world = new World().start(1);
    for (let crash = 0; crash < 5; crash += 1) world.exit(0, 1).advance(0.5);
    expect(world.spawns().map(([, , at]) => at)).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  });

  test('one pass replaces all that are dead, in index order', () => {
    const world = new World().start(4).advance(0.25).exit(3, 1).exit(1, 1).exit(2, 1).advance(1);
    expect(world.spawns().slice(4)).toEqual([
      [1, 2, 0.5],
      [2, 2, 0.5],
      [3, 2, 0.5],
    ]);
  });

  test('who dies during a pass waits for the next', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    world.exit(0, 1).settle();
    expect(world.spawns()).toEqual([
      [0, 1, 0],
      [1, 1, 0],
    ]);
    world.advance(0.5);
    expect(world.spawns().at(-1)).toEqual([0, 2, 0.5]);
  });

  test('the pass is counted from its end', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.now = 3;
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    world.feed({ type: 'tick' });
    world.now = 4;
    world.feed({ type: 'spawned', worker: 1, start: 1, pid: 101, random: 0 });
    world.exit(0, 1);
    expect(nextDeadline(world.state, world.policy)).toBe(4.5);
  });

  test('with a reloadDelay of 0 every death is replaced at once', () => {
    const world = new World(policyWith({}, 0)).start(1);
    world.exit(0, 1).settle().exit(0, 1).settle();
    expect(world.spawns()).toHaveLength(3);
  });

  test.each([
    [1, null, 1, 'exit'],
    [0, null, 0, 'exit'],
    [255, null, 255, 'exit'],
    [-9, 'SIGKILL', 137, 'signal'],
    [-15, 'SIGTERM', 143, 'signal'],
    [-11, 'SIGSEGV', 139, 'signal'],
  ])('an exit with %i (%s) is code %i, reason %s, and leads to a restart', (...row) => {
    const [exitCode, signal, code, reason] = row;
    const world = new World().start(1).advance(9).exit(0, exitCode, signal).settle();
    expect(world.eventsOf('worker-exited')).toMatchObject([
      { exitCode, exit: { code, signal, reason, at: 9 }, lifetime: 9, failure: code !== 0 },
    ]);
    expect(world.eventsOf('worker-started').at(-1)).toMatchObject({ restartReason: reason });
  });
});

describe('a spawn that fails', () => {
  const unavailable = { code: 'EAGAIN', message: 'try again', exitStatus: null };
  const notFound = { code: 'ENOENT', message: 'not found', exitStatus: 127 };

  function firstAttempt(workers = 2): World {
    const world = new World();
    world.feed({ type: 'start', workers, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    return world;
  }

  test('for want of resources is tried again at the pace of the loop', () => {
    const world = firstAttempt(1);
    world.feed({ type: 'spawn-failed', worker: 0, start: 1, failure: unavailable, random: 0 });
    expect(world.names()).toEqual(['backoff']);
    expect(world.eventsOf('spawn-failed')).toMatchObject([
      { worker: 0, restart: { delay: 0.5, attempt: 1 } },
    ]);
    world.advance(0.5);
    expect(world.names()).toEqual(['running']);
    expect(world.spawns()).toEqual([
      [0, 1, 0],
      [0, 1, 0.5],
    ]);
    expect(world.eventsOf('worker-started')).toMatchObject([{ start: 1, restartReason: null }]);
  });

  test('does not keep the others from starting', () => {
    const world = firstAttempt(3);
    world.feed({ type: 'spawn-failed', worker: 0, start: 1, failure: unavailable, random: 0 });
    world.settle();
    expect(world.names()).toEqual(['backoff', 'running', 'running']);
    expect(world.state.phase.name).toBe('starting');
    world.advance(0.5);
    expect(world.state.phase.name).toBe('running');
  });

  test('for good, at the very first start, ends the supervisor with a shell’s status', () => {
    const world = firstAttempt();
    world.feed({ type: 'spawn-failed', worker: 0, start: 1, failure: notFound, random: 0 });
    world.settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 127 });
    expect(world.spawns()).toHaveLength(1);
    expect(world.eventsOf('spawn-failed')).toMatchObject([{ restart: null }]);
  });

  test('for good, once something has run, is a failed attempt', () => {
    const world = new World().start(1).advance(9).exit(0, 1);
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawn-failed', worker: 0, start: 2, failure: notFound, random: 0 });
    expect(world.state.phase.name).toBe('running');
    world.advance(0.5);
    expect(world.eventsOf('worker-started').at(-1)).toMatchObject({
      start: 2,
      restartReason: 'exit',
    });
  });

  test('during a stop is the end of the slot', () => {
    const world = firstAttempt(1).signal('SIGTERM');
    expect(world.state.phase.name).toBe('stopping');
    world.feed({ type: 'spawn-failed', worker: 0, start: 1, failure: notFound, random: 0 });
    world.settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });
});
