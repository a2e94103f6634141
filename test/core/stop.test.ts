import { describe, expect, test } from '@jest/globals';

import { ABANDON_AFTER } from '../../src/core/ending.ts';
import { MOST_SIGNALS } from '../../src/core/stop.ts';
import { policyWith, World } from './harness.ts';

/** Workers that each take some seconds to end after they were asked, unless they are killed. */
function stopWith(world: World, takes: readonly (number | 'ignores')[]): World {
  const endsAt = new Map<number, { at: number; exitCode: number }>();
  let seen = 0;
  world.signal('SIGTERM');
  const limit = world.now + 1000;
  while (world.state.phase.name !== 'stopped' && world.now < limit) {
    for (const [worker, signal, at] of world.kills().slice(seen)) {
      const time = takes[worker] ?? 'ignores';
      if (signal === 'SIGKILL') endsAt.set(worker, { at, exitCode: -9 });
      else if (time !== 'ignores') endsAt.set(worker, { at: at + time, exitCode: 0 });
    }
    seen = world.kills().length;
    const [next] = [...endsAt].sort(([, a], [, b]) => a.at - b.at);
    if (next === undefined) {
      world.advance(0.5);
      continue;
    }
    const [worker, { at, exitCode }] = next;
    const kills = world.kills().length;
    world.advance(Math.min(Math.max(0, at - world.now), 0.5));
    if (world.kills().length > kills || world.now < at) continue;
    endsAt.delete(worker);
    world.exit(worker, exitCode, exitCode < 0 ? 'SIGKILL' : null).settle();
  }
  return world;
}

const lastAt = (world: World): number => world.eventsOf('supervisor-stopped').at(-1)?.at ?? NaN;

describe('sequential', () => {
  test('asks a worker when all before it are gone', () => {
    const world = stopWith(new World().start(3), [1, 1, 1]);
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [1, 'SIGTERM', 1],
      [2, 'SIGTERM', 2],
    ]);
    expect(lastAt(world)).toBe(3);
  });

  test('asks all that are left when one grace period is left of the whole time', () => {
    const policy = policyWith({ gracePeriodSeconds: 4, timeoutSeconds: 6 });
    const world = stopWith(new World(policy).start(8), Array<number>(8).fill(3));
    expect(world.kills().map(([, , at]) => at)).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
    expect(world.eventsOf('worker-killed')).toEqual([]);
    expect(lastAt(world)).toBe(5);
  });

  test('passes over slots that are empty', () => {
    const world = new World().start(3).advance(0.25).exit(1, 1);
    stopWith(world, [1, 1, 1]);
    expect(world.kills().map(([worker]) => worker)).toEqual([0, 2]);
    expect(world.spawns()).toHaveLength(3);
  });
});

describe('parallel', () => {
  test('asks all at once, in index order', () => {
    const world = stopWith(new World(policyWith({ order: 'parallel' })).start(3), [1, 1, 1]);
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [1, 'SIGTERM', 0],
      [2, 'SIGTERM', 0],
    ]);
    expect(lastAt(world)).toBe(1);
  });

  test('of very many a step asks some, and the next the rest, at the same instant', () => {
    const workers = 2 * MOST_SIGNALS + 1;
    const world = new World(policyWith({ order: 'parallel' })).start(workers);
    world.feed({ type: 'signal', signal: 'SIGTERM', hungUp: false });
    const signals = [1, 2, 3, 4].map(() => world.feed({ type: 'tick' }).length);
    expect(signals).toEqual([MOST_SIGNALS, MOST_SIGNALS, 1, 0]);
    expect(world.kills().map(([worker, , at]) => [worker, at])).toEqual(
      Array.from({ length: workers }, (_, index) => [index, 0]),
    );
  });
});

describe('a worker that does not end', () => {
  test('is killed with its group when its grace is over, and named', () => {
    const policy = policyWith({ gracePeriodSeconds: 2 });
    const world = stopWith(new World(policy).start(2), ['ignores', 0]);
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [0, 'SIGKILL', 2],
      [1, 'SIGTERM', 2],
    ]);
    expect(world.effects.find((effect) => effect.type === 'kill' && effect.at === 2)).toMatchObject(
      {
        target: 'group',
      },
    );
    expect(world.eventsOf('worker-killed')).toMatchObject([{ worker: 0, cause: 'grace period' }]);
    expect(world.eventsOf('worker-exited')).toMatchObject([
      { worker: 0, failure: false, restart: null, exit: { code: 137, reason: 'killed' } },
      { worker: 1, failure: false, restart: null, exit: { code: 0, reason: 'stopped' } },
    ]);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('is killed at the end of the whole time if that comes first', () => {
    const policy = policyWith({ gracePeriodSeconds: 2, timeoutSeconds: 3 });
    const world = stopWith(new World(policy).start(2), ['ignores', 'ignores']);
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [1, 'SIGTERM', 1],
      [0, 'SIGKILL', 2],
      [1, 'SIGKILL', 3],
    ]);
    expect(lastAt(world)).toBe(3);
  });

  test('never holds the stop beyond its budget, however many there are', () => {
    const policy = policyWith({ gracePeriodSeconds: 5, timeoutSeconds: 6 });
    const world = stopWith(new World(policy).start(20), Array<'ignores'>(20).fill('ignores'));
    expect(lastAt(world)).toBe(6);
    expect(world.eventsOf('worker-killed')).toHaveLength(20);
  });

  test('with a grace of 0 is killed at once', () => {
    const world = new World(policyWith({ gracePeriodSeconds: 0 })).start(1).signal('SIGTERM');
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [0, 'SIGKILL', 0],
    ]);
  });

  test('and cannot even be killed is named, left behind, and makes the status 1', () => {
    const world = new World(policyWith({ gracePeriodSeconds: 1 })).start(2).signal('SIGTERM');
    world.advance(1).advance(ABANDON_AFTER);
    expect(world.eventsOf('worker-abandoned')).toMatchObject([{ worker: 0 }]);
    expect(world.kills().at(-1)).toEqual([1, 'SIGTERM', 1 + ABANDON_AFTER]);
    world.exit(1, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 1 });
  });
});

describe('what asks for a stop', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('%s does', (signal) => {
    const world = new World().start(1).signal(signal);
    expect(world.eventsOf('signal-received')).toMatchObject([{ signal, action: 'stop' }]);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
  });

  test('another signal does not', () => {
    const world = new World().start(1).signal('SIGPWR').signal('SIGALRM');
    expect(world.state.phase.name).toBe('running');
    expect(world.eventsOf('signal-received').map((event) => event.action)).toEqual([
      'none',
      'none',
    ]);
  });

  test('a second SIGTERM changes nothing', () => {
    const world = new World().start(1).signal('SIGTERM');
    const before = world.state;
    world.signal('SIGTERM');
    expect(world.state).toEqual(before);
    expect(world.eventsOf('signal-received').at(-1)).toMatchObject({ action: 'none' });
  });

  test('a second SIGINT kills whoever is alive, asked or not', () => {
    const world = new World().start(3).signal('SIGINT').signal('SIGINT');
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [0, 'SIGKILL', 0],
      [1, 'SIGKILL', 0],
      [2, 'SIGKILL', 0],
    ]);
    expect(world.eventsOf('worker-killed').map((event) => event.cause)).toEqual(
      Array(3).fill('second SIGINT'),
    );
  });

  test('the first SIGINT after a SIGTERM does not kill', () => {
    const world = new World().start(1).signal('SIGTERM').signal('SIGINT');
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
    world.signal('SIGINT');
    expect(world.kills().at(-1)).toEqual([0, 'SIGKILL', 0]);
  });

  test('before the start, nothing is started', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 3, workersFrom: null, pid: 1, oomKills: 0 });
    world.signal('SIGTERM');
    expect(world.spawns()).toEqual([]);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('in the middle of the start, no further worker is started', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 3, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.signal('SIGTERM');
    expect(world.names()).toEqual(['starting', 'stopped', 'stopped']);
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    world.settle();
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
    world.exit(0, -15, 'SIGTERM').settle();
    expect(world.spawns()).toHaveLength(1);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('the first cause fixes the exit status', () => {
    const world = new World().start(1);
    world.feed({ type: 'stop', cause: { type: 'failure', message: 'broken', exitStatus: 3 } });
    world.signal('SIGTERM').exit(0, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 3 });
  });
});

test('who dies during a stop is not restarted, and is told once with its own reason', () => {
  const world = new World().start(2).signal('SIGTERM');
  world.exit(1, 7).settle();
  expect(world.eventsOf('worker-exited')).toMatchObject([
    { worker: 1, failure: true, restart: null, exit: { code: 7, reason: 'exit' } },
  ]);
  world.exit(0, 0).settle().advance(60);
  expect(world.spawns()).toHaveLength(2);
  expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
});
