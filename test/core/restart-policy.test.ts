import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import type { Policy } from '../../src/core/policy.ts';
import { backoffDelay, grantRestart } from '../../src/core/restart-policy.ts';
import { statusOf } from '../../src/core/status.ts';
import { policyRestarting, World } from './harness.ts';

type Restart = Policy['restart'];
type RestartPolicy = Restart['policy'];

type Backoff = NonNullable<Restart['backoff']>;

const backoff = (more: Partial<Backoff> = {}): Backoff => ({
  initialSeconds: 1,
  factor: 2,
  maxSeconds: 10,
  jitter: 0,
  resetAfterSeconds: 10,
  ...more,
});

/** What became of a worker that ended so. */
type Fate = 'restart' | 'complete' | 'give up';

function fateOf(world: World): Fate {
  if (world.state.phase.name === 'running') return 'restart';
  const [stopping] = world.eventsOf('supervisor-stopping');
  return stopping?.cause.type === 'completed' ? 'complete' : 'give up';
}

describe('policy × exit', () => {
  const codes = { successExitCodes: [0, 3, 143], fatalExitCodes: [78] };
  const exits = {
    'exit 0': [0, null, {}],
    'a listed success': [3, null, {}],
    'a listed success by signal': [-15, 'SIGTERM', {}],
    'a failure': [1, null, {}],
    'a fatal code': [78, null, {}],
    'a signal': [-11, 'SIGSEGV', {}],
    OOM: [-9, 'SIGKILL', { oomKills: 1 }],
  } as const;

  /** What becomes of it, whether that is a failure, and the supervisor's status at its end. */
  const table: readonly (readonly [
    RestartPolicy,
    keyof typeof exits,
    Fate,
    boolean,
    number | null,
  ])[] = [
    ['Always', 'exit 0', 'restart', false, null],
    ['Always', 'a listed success', 'restart', false, null],
    ['Always', 'a listed success by signal', 'restart', false, null],
    ['Always', 'a failure', 'restart', true, null],
    ['Always', 'a fatal code', 'give up', true, 78],
    ['Always', 'a signal', 'restart', true, null],
    ['Always', 'OOM', 'restart', true, null],
    ['OnFailure', 'exit 0', 'complete', false, 0],
    ['OnFailure', 'a listed success', 'complete', false, 0],
    ['OnFailure', 'a listed success by signal', 'complete', false, 0],
    ['OnFailure', 'a failure', 'restart', true, null],
    ['OnFailure', 'a fatal code', 'give up', true, 78],
    ['OnFailure', 'a signal', 'restart', true, null],
    ['OnFailure', 'OOM', 'restart', true, null],
    ['Never', 'exit 0', 'complete', false, 0],
    ['Never', 'a listed success', 'complete', false, 0],
    ['Never', 'a listed success by signal', 'complete', false, 0],
    ['Never', 'a failure', 'complete', true, 1],
    ['Never', 'a fatal code', 'give up', true, 78],
    ['Never', 'a signal', 'complete', true, 139],
    ['Never', 'OOM', 'complete', true, 137],
  ];

  test.each(table)('%s: %s → %s', (policy, name, fate, failure, status) => {
    const [exitCode, signal, more] = exits[name];
    const world = new World(policyRestarting({ policy, ...codes })).start(1).advance(9);
    world.exit(0, exitCode, signal, more).settle();
    expect(fateOf(world)).toBe(fate);
    expect(world.eventsOf('worker-exited')).toMatchObject([{ failure }]);
    expect(world.spawns()).toHaveLength(fate === 'restart' ? 2 : 1);
    const { phase } = world.state;
    expect(phase.name === 'stopped' ? phase.exitStatus : null).toBe(status);
  });

  test.each<[RestartPolicy]>([['Always'], ['OnFailure'], ['Never']])(
    '%s: an end that was asked for leads to nothing',
    (policy) => {
      const world = new World(policyRestarting({ policy, fatalExitCodes: [78] })).start(1);
      world.signal('SIGTERM').exit(0, 78).settle();
      expect(world.spawns()).toHaveLength(1);
      expect(world.eventsOf('worker-exited')).toMatchObject([{ failure: false, restart: null }]);
      expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
    },
  );

  test.each<[RestartPolicy, Fate, number | null]>([
    ['Always', 'restart', null],
    ['OnFailure', 'restart', null],
    ['Never', 'complete', 127],
  ])('%s: a spawn that fails is a failed attempt → %s', (policy, fate, status) => {
    // the other worker has started, so that this is no error of the very first start
    const world = new World(policyRestarting({ policy })).start(2).advance(9);
    world.exit(1, 0);
    const slot = world.state.slots[0]!;
    world.state = {
      ...world.state,
      slots: [{ ...slot, state: { name: 'starting', since: 9 } }, world.state.slots[1]!],
    };
    const failure = { code: 'ENOENT', message: 'gone', exitStatus: 127 };
    world.feed({ type: 'spawn-failed', worker: 0, start: 2, failure, random: 0 });
    const [failed] = world.eventsOf('spawn-failed');
    expect(failed?.restart === null ? 'complete' : 'restart').toBe(fate);
    if (status !== null) {
      world.exit(1, 0).settle();
      expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: status });
    }
  });
});

test('a start that fails under Never does not keep the supervisor from having started', () => {
  const world = new World(policyRestarting({ policy: 'Never' }));
  world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
  world.feed({ type: 'tick' });
  world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
  world.feed({ type: 'tick' });
  const failure = { code: 'EAGAIN', message: 'try again', exitStatus: null };
  world.feed({ type: 'spawn-failed', worker: 1, start: 1, failure, random: 0 });
  expect(world.state.phase.name).toBe('running');
});

describe('completion', () => {
  test('ends the supervisor once every slot has completed, not before', () => {
    const world = new World(policyRestarting({ policy: 'OnFailure' })).start(3).advance(9);
    world.exit(0, 0).settle().exit(2, 0).settle();
    expect(world.state.phase.name).toBe('running');
    world.exit(1, 4).settle().advance(9).exit(1, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('with the first failure’s code', () => {
    const world = new World(policyRestarting({ policy: 'Never' })).start(3);
    world.exit(1, 0).exit(2, 5).exit(0, 6).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 5 });
  });

  test('waits for what is left of the last one’s group', () => {
    const world = new World(policyRestarting({ policy: 'Never' })).start(1);
    world.exit(0, 0, null, { groupAlive: true }).settle();
    expect(world.state.phase.name).toBe('running');
    world.checked(0, false).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('of none is no end: with 0 workers it idles', () => {
    expect(new World(policyRestarting({ policy: 'Never' })).start(0).state.phase.name).toBe(
      'running',
    );
  });

  test('during the start does not keep the others from starting', () => {
    const world = new World(policyRestarting({ policy: 'Never' }));
    world.feed({ type: 'start', workers: 2, workersFrom: null, pid: 1, oomKills: 0 });
    world.feed({ type: 'tick' });
    world.feed({ type: 'spawned', worker: 0, start: 1, pid: 100, random: 0 });
    world.exit(0, 0).settle();
    expect(world.names()).toEqual(['stopped', 'running']);
  });
});

describe('backoff', () => {
  /** The delays between the ends and the starts of a worker that ends at once. */
  function delaysOf(restart: Partial<Restart>, count: number, random = 0): readonly number[] {
    const world = new World(policyRestarting(restart, 0)).start(1);
    for (let crash = 0; crash < count; crash += 1) world.exit(0, 1, null, { random }).advance(1000);
    const ends = world.eventsOf('worker-exited').map(({ at }) => at);
    return world
      .spawns()
      .slice(1)
      .map(([, , at], index) => at - (ends[index] ?? NaN));
  }

  test('grows by its factor, and holds at its maximum', () => {
    const world = new World(policyRestarting({ backoff: backoff() })).start(1).advance(60);
    const starts = (): number => world.spawns().at(-1)![2];
    const seen: number[] = [];
    for (let crash = 0; crash < 6; crash += 1) {
      const end = world.now;
      world.exit(0, 1).advance(60);
      seen.push(starts() - end);
      world.now = starts();
    }
    expect(seen).toEqual([1, 2, 4, 8, 10, 10]);
    expect(world.eventsOf('worker-exited').map((event) => event.restart?.attempt)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  test('starts anew after a run of resetAfterSeconds, and not after a shorter one', () => {
    for (const [lifetime, expected] of [
      [9.999, 2],
      [10, 1],
    ] as const) {
      const world = new World(policyRestarting({ backoff: backoff() })).start(1).advance(60);
      world.exit(0, 1).advance(1);
      world.now += lifetime;
      world.exit(0, 1);
      expect(world.eventsOf('worker-exited').at(-1)?.restart).toMatchObject({ delay: expected });
    }
  });

  test('begins with reloadDelay where it does not say', () => {
    const rest = { factor: 2, maxSeconds: 10, jitter: 0, resetAfterSeconds: 10 };
    expect(backoffDelay(1, 0, policyRestarting({ backoff: rest }, 0.25))).toBe(0.25);
  });

  test('its jitter shortens, by its share at most', () => {
    const policy = policyRestarting({ backoff: backoff({ jitter: 0.5 }) });
    expect([0, 0.5, 0.999].map((random) => backoffDelay(3, random, policy))).toEqual([
      4,
      3,
      expect.closeTo(2.002, 5) as unknown,
    ]);
  });

  test('without it every delay is that of the loop', () => {
    expect(delaysOf({}, 4)).toEqual([0, 0, 0, 0]);
  });

  test('an attempt that is astronomically high still has the maximum', () => {
    expect(backoffDelay(100_000, 0, policyRestarting({ backoff: backoff() }))).toBe(10);
  });

  test('does not go below the pace of the loop', () => {
    const policy = policyRestarting({ backoff: backoff({ initialSeconds: 0 }) }, 2);
    const world = new World(policy).start(1).exit(0, 1).advance(10);
    expect(world.spawns().at(-1)).toEqual([0, 2, 2]);
  });

  test('is each slot’s own', () => {
    const world = new World(policyRestarting({ backoff: backoff() })).start(2).advance(60);
    world.exit(0, 1).advance(1).exit(0, 1).exit(1, 1);
    expect(world.eventsOf('worker-exited').map(({ restart }) => restart?.delay)).toEqual([1, 2, 1]);
  });

  test('counts a spawn that fails', () => {
    const world = new World(policyRestarting({ backoff: backoff() })).start(1).advance(60);
    world.exit(0, 1);
    world.now += 1;
    world.feed({ type: 'tick' });
    const failure = { code: 'EAGAIN', message: 'try again', exitStatus: null };
    world.feed({ type: 'spawn-failed', worker: 0, start: 2, failure, random: 0 });
    expect(world.eventsOf('spawn-failed')).toMatchObject([{ restart: { delay: 2, attempt: 2 } }]);
  });

  test('the status says how long it still takes, and a stop cancels it', () => {
    const policy = policyRestarting({ backoff: backoff({ initialSeconds: 8 }) });
    const world = new World(policy).start(1).advance(60).exit(0, 1);
    world.now += 3;
    expect(statusOf(world.state, world.now, policy).workers[0]).toMatchObject({
      state: 'backoff',
      nextStartIn: 5,
    });
    world.signal('SIGTERM').advance(60);
    expect(world.spawns()).toHaveLength(1);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });
});

describe('limit', () => {
  const limit = { restarts: 3, withinSeconds: 10 };

  test('the window is sliding: a restart counts for less than withinSeconds', () => {
    expect(grantRestart([], 0, limit)).toEqual([0]);
    expect(grantRestart([0, 1], 2, limit)).toEqual([0, 1, 2]);
    expect(grantRestart([0, 1, 2], 9.999, limit)).toBeNull();
    expect(grantRestart([0, 1, 2], 10, limit)).toEqual([1, 2, 10]);
    expect(grantRestart([0, 1, 2], 1000, limit)).toEqual([1000]);
    expect(grantRestart([0, 1, 2], 3, undefined)).toEqual([]);
    expect(grantRestart([], 0, { ...limit, restarts: 0 })).toBeNull();
  });

  test('more restarts than it, over all workers, and the supervisor gives up in order', () => {
    const world = new World(policyRestarting({ limit }, 0)).start(2);
    world.exit(0, 1).settle().exit(1, 2).settle().exit(0, 3).settle();
    expect(world.state.phase.name).toBe('running');
    world.exit(1, 4).settle();
    expect(world.eventsOf('supervisor-stopping')).toMatchObject([
      {
        cause: {
          type: 'failure',
          message: 'more than 3 restarts within 10 s (restart.limit)',
          exitStatus: 4,
        },
      },
    ]);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
    world.exit(0, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 4 });
  });

  test('counts every restart, whatever the exit code; and 0 is no status to give up with', () => {
    const world = new World(policyRestarting({ limit }, 0)).start(1);
    for (let exit = 0; exit < 4; exit += 1) world.exit(0, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 1 });
  });

  test('counts spawns that fail, whose status it ends with', () => {
    const world = new World(policyRestarting({ limit: { ...limit, restarts: 1 } }, 0)).start(1);
    world.exit(0, 1);
    world.feed({ type: 'tick' });
    const failure = { code: 'ENOENT', message: 'gone', exitStatus: 127 };
    world.feed({ type: 'spawn-failed', worker: 0, start: 2, failure, random: 0 });
    world.settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 127 });
  });

  test('each exit tells how much of it is used', () => {
    const world = new World(policyRestarting({ limit }, 0)).start(1);
    world.exit(0, 1).settle().exit(0, 1).settle();
    expect(world.eventsOf('worker-exited').map(({ restart }) => restart?.limit)).toEqual([
      { ...limit, used: 1 },
      { ...limit, used: 2 },
    ]);
  });

  test('a fatal code gives up at once, with that code', () => {
    const world = new World(policyRestarting({ fatalExitCodes: [9], limit })).start(2);
    world.exit(1, 9).settle();
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
    world.exit(0, 0).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 9 });
  });
});

describe('random crash schedules', () => {
  const crashes = fc.array(
    fc.record({
      worker: fc.nat(3),
      exitCode: fc.constantFrom(0, 1, 2, -9),
      // the clock may stand still, or jump
      pause: fc.constantFrom(0, 0, 0.01, 0.3, 1, 5, 100),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 60 },
  );
  const restart: fc.Arbitrary<Restart> = fc.record(
    {
      policy: fc.constantFrom('Always' as const, 'OnFailure' as const),
      successExitCodes: fc.constantFrom([0], [0, 2]),
      fatalExitCodes: fc.constant([]),
      limit: fc.record({
        restarts: fc.integer({ min: 0, max: 6 }),
        withinSeconds: fc.constantFrom(1, 10, 60),
      }),
      backoff: fc.record({
        initialSeconds: fc.constantFrom(0, 0.1, 1),
        factor: fc.constantFrom(1, 1.5, 2, 10),
        maxSeconds: fc.constantFrom(1, 5, 300),
        jitter: fc.constantFrom(0, 0.1, 1),
        resetAfterSeconds: fc.constantFrom(0, 1, 10),
      }),
    },
    { requiredKeys: ['policy', 'successExitCodes', 'fatalExitCodes'] },
  );
  const delay = fc.constantFrom(0, 0.25, 1);

  type Crashes =
    fc.Arbitrary<unknown> extends never
      ? never
      : typeof crashes extends fc.Arbitrary<infer T>
        ? T
        : never;

  function play(policy: Policy, story: Crashes): World {
    const world = new World(policy).start(4);
    for (const { worker, exitCode, pause, random } of story) {
      const { phase, slots } = world.state;
      if (phase.name === 'running' && slots[worker]?.state.name === 'running') {
        world.exit(worker, exitCode, exitCode < 0 ? 'SIGKILL' : null, { random }).settle();
      }
      world.advance(pause);
    }
    return world;
  }

  test('the number of restarts that are granted in any window is bounded by the limit', () => {
    fc.assert(
      fc.property(restart, delay, crashes, (restartPolicy, reloadDelay, story) => {
        const world = play(policyRestarting(restartPolicy, reloadDelay), story);
        const { limit } = restartPolicy;
        if (limit === undefined) return;
        const granted = world
          .eventsOf('worker-exited')
          .filter((event) => event.restart !== null)
          .map(({ at }) => at);
        for (const from of granted) {
          const window = granted.filter((at) => at >= from && at - from < limit.withinSeconds);
          expect(window.length).toBeLessThanOrEqual(limit.restarts);
        }
      }),
    );
  });

  test('no restart comes before its delay, delays are within their bounds, and grow in a row', () => {
    fc.assert(
      fc.property(restart, delay, crashes, (restartPolicy, reloadDelay, story) => {
        const world = play(policyRestarting(restartPolicy, reloadDelay), story);
        const { backoff: config } = restartPolicy;
        for (let slot = 0; slot < 4; slot += 1) {
          const exits = world.eventsOf('worker-exited').filter(({ worker }) => worker === slot);
          const starts = world.eventsOf('worker-started').filter(({ worker }) => worker === slot);
          exits.forEach((exit, index) => {
            const next = starts[index + 1];
            if (exit.restart === null) return;
            if (next !== undefined) {
              expect(next.at - exit.at).toBeGreaterThanOrEqual(exit.restart.delay - 1e-9);
            }
            if (config === undefined) return;
            const full = Math.min(
              config.maxSeconds,
              config.initialSeconds! * config.factor ** (exit.restart.attempt - 1),
            );
            const longest = Math.max(full, reloadDelay);
            expect(exit.restart.delay).toBeLessThanOrEqual(longest + 1e-9);
            expect(exit.restart.delay).toBeGreaterThanOrEqual(full * (1 - config.jitter) - 1e-9);
            const isFirst = index === 0 || exit.lifetime >= config.resetAfterSeconds;
            const before = exits[index - 1]?.restart?.attempt ?? 0;
            expect(exit.restart.attempt).toBe(isFirst ? 1 : before + 1);
          });
        }
      }),
    );
  });

  test('a supervisor that gives up never ends with 0', () => {
    fc.assert(
      fc.property(restart, delay, crashes, (restartPolicy, reloadDelay, story) => {
        const world = play(policyRestarting(restartPolicy, reloadDelay), story);
        const [stopping] = world.eventsOf('supervisor-stopping');
        if (stopping?.cause.type !== 'failure') return;
        world.state.slots.forEach((slot) => world.exit(slot.index, 0));
        world.advance(60);
        const { phase } = world.state;
        expect(phase.name === 'stopped' ? phase.exitStatus : 0).not.toBe(0);
      }),
    );
  });
});
