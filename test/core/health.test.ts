import { describe, expect, test } from '@jest/globals';

import type { Probe } from '../../src/config/generated.ts';
import type { ProbeName, ProbeResult } from '../../src/core/health.ts';
import type { Policy } from '../../src/core/policy.ts';
import { MOST_BEGUN, MOST_PROBES } from '../../src/core/probing.ts';
import { nextDeadline } from '../../src/core/step.ts';
import { statusOf } from '../../src/core/status.ts';
import { POLICY, World } from './harness.ts';

/** The defaults of a container's probe. */
const PROBE: Probe = {
  tcpSocket: { host: '127.0.0.1', port: 80 },
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

const probing = (more: Partial<Policy>): World => new World({ ...POLICY, ...more });

/** When each probe was begun: `[probe, worker, at]`. */
const begun = (world: World): readonly (readonly [string, number, number])[] =>
  world.effects
    .filter((effect) => effect.type === 'probe')
    .map(({ probe, worker, at }) => [probe, worker, at]);

const cancelled = (world: World): readonly (readonly [string, number, number])[] =>
  world.effects
    .filter((effect) => effect.type === 'cancel-probe')
    .map(({ probe, worker, at }) => [probe, worker, at]);

/** The probe that was begun last comes to this. */
function answer(world: World, probe: ProbeName, result: ProbeResult, worker = 0): World {
  const effect = world.effects.findLast(
    (each) => each.type === 'probe' && each.probe === probe && each.worker === worker,
  );
  if (effect?.type !== 'probe') throw new Error(`no ${probe} probe of worker ${worker}`);
  const { start, attempt } = effect;
  world.feed({ type: 'probed', worker, start, probe, attempt, result, message: 'because' });
  return world.settle();
}

/** So many probes in a row come to this, one period after the other. */
function answerEach(
  world: World,
  probe: ProbeName,
  results: readonly ProbeResult[],
  period = 10,
): World {
  for (const [place, result] of results.entries()) {
    answer(world, probe, result);
    if (place < results.length - 1) world.advance(period);
  }
  return world;
}

const isReady = ({ state, now, policy }: World): boolean | undefined =>
  statusOf(state, now, policy).workers[0]?.ready;

describe('when a probe is run', () => {
  test('initialDelaySeconds after the start, then once in a period', () => {
    const world = probing({ livenessProbe: { ...PROBE, initialDelaySeconds: 5 } }).start(1);
    expect(begun(world)).toEqual([]);
    world.advance(4.9);
    expect(begun(world)).toEqual([]);
    world.advance(0.1);
    answer(world, 'liveness', 'successful').advance(10);
    answer(world, 'liveness', 'successful').advance(10);
    expect(begun(world)).toEqual([
      ['liveness', 0, 5],
      ['liveness', 0, 15],
      ['liveness', 0, 25],
    ]);
  });

  test('a period is from begin to begin, and one that takes longer is followed at once', () => {
    const livenessProbe = { ...PROBE, periodSeconds: 2, timeoutSeconds: 9 };
    const world = probing({ livenessProbe }).start(1).advance(1.5);
    answer(world, 'liveness', 'successful').advance(0.5);
    expect(begun(world).at(-1)).toEqual(['liveness', 0, 2]);
    world.advance(5);
    answer(world, 'liveness', 'successful');
    expect(begun(world).at(-1)).toEqual(['liveness', 0, 7]);
  });

  test('without an answer it is ended at its time-out, and has failed', () => {
    const world = probing({ livenessProbe: PROBE }).start(1).advance(1);
    expect(cancelled(world)).toEqual([['liveness', 0, 1]]);
    expect(world.eventsOf('worker-probed')).toMatchObject([
      { probe: 'liveness', result: 'failed', message: 'no answer within 1 s', count: 1, at: 1 },
    ]);
    // what it says later is not asked any more
    const before = world.state;
    world.feed({
      type: 'probed',
      worker: 0,
      start: 1,
      probe: 'liveness',
      attempt: 1,
      result: 'successful',
      message: '',
    });
    expect(world.state).toBe(before);
  });

  test('no other than the startup probe before that has succeeded, and that not again', () => {
    const world = probing({ startupProbe: PROBE, readinessProbe: PROBE, livenessProbe: PROBE });
    world.start(1);
    answerEach(world, 'startup', ['failed', 'failed', 'successful']);
    expect(begun(world)).toEqual([
      ['startup', 0, 0],
      ['startup', 0, 10],
      ['startup', 0, 20],
      ['readiness', 0, 20],
      ['liveness', 0, 20],
    ]);
    for (let period = 0; period < 5; period += 1) {
      answer(world, 'readiness', 'successful');
      answer(world, 'liveness', 'successful').advance(10);
    }
    expect(begun(world).filter(([probe]) => probe === 'startup')).toHaveLength(3);
  });

  test('so many at a time, those first that have waited longest', () => {
    const world = probing({ readinessProbe: { ...PROBE, timeoutSeconds: 2 } }).start(200);
    expect(begun(world).map(([, worker]) => worker)).toEqual([...Array(MOST_PROBES).keys()]);
    world.advance(2);
    expect(cancelled(world)).toHaveLength(MOST_PROBES);
    expect(begun(world).map(([, worker]) => worker)).toEqual([...Array(2 * MOST_PROBES).keys()]);
  });

  test('so many are begun in one step', () => {
    const world = probing({ readinessProbe: { ...PROBE, initialDelaySeconds: 5 } }).start(40);
    world.now = 5;
    world.feed({ type: 'tick' });
    expect(begun(world)).toHaveLength(MOST_BEGUN);
    expect(nextDeadline(world.state, world.policy)).toBeLessThanOrEqual(world.now);
    world.settle();
    expect(begun(world)).toHaveLength(40);
  });

  test('without probes nothing is pending', () => {
    const world = probing({}).start(4);
    expect(nextDeadline(world.state, world.policy)).toBe(null);
  });

  test('one that a reload takes away while it is under way, and brings back, is run again', () => {
    const world = probing({ livenessProbe: PROBE }).start(1).advance(0.5);
    const { policy } = world;
    world.policy = POLICY;
    world.settle();
    expect(cancelled(world)).toEqual([['liveness', 0, 0.5]]);
    world.policy = policy;
    world.settle().advance(0.5);
    expect(begun(world).at(-1)).toEqual(['liveness', 0, 0.5]);
    answer(world, 'liveness', 'successful').advance(10);
    expect(begun(world)).toHaveLength(3);
  });

  test('of a worker that has ended no answer is awaited', () => {
    const world = probing({ livenessProbe: PROBE }).start(1).exit(0, 1).settle();
    expect(cancelled(world)).toEqual([['liveness', 0, 0]]);
    expect(world.eventsOf('worker-probed')).toEqual([]);
  });

  test('during a stop all are silent', () => {
    const world = probing({ livenessProbe: PROBE, readinessProbe: PROBE }).start(2);
    world.signal('SIGTERM');
    expect(cancelled(world)).toHaveLength(4);
    const told = world.events.length;
    world.feed({
      type: 'probed',
      worker: 0,
      start: 1,
      probe: 'liveness',
      attempt: 1,
      result: 'failed',
      message: '',
    });
    expect(world.events).toHaveLength(told);
    world.advance(9);
    expect(begun(world)).toHaveLength(4);
    expect(world.eventsOf('worker-probed')).toEqual([]);
  });
});

describe('a liveness probe', () => {
  const livenessProbe = PROBE;

  test('that fails so often in a row stops the worker orderly, and it is replaced', () => {
    const world = probing({ livenessProbe }).start(1);
    answerEach(world, 'liveness', ['failed', 'failed', 'failed']);
    expect(world.eventsOf('worker-unhealthy')).toMatchObject([
      { worker: 0, cause: 'liveness probe', message: 'failed 3 times in a row: because', at: 20 },
    ]);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 20]]);
    world.advance(10);
    expect(world.kills().slice(0, 2)).toEqual([
      [0, 'SIGTERM', 20],
      [0, 'SIGKILL', 30],
    ]);
    world.exit(0, -9, 'SIGKILL').settle();
    expect(world.eventsOf('worker-exited')).toMatchObject([
      { exit: { code: 137, reason: 'unhealthy' }, failure: true, restart: { attempt: 1 } },
    ]);
    expect(world.eventsOf('worker-started').at(-1)).toMatchObject({
      worker: 0,
      restartReason: 'unhealthy',
    });
  });

  test.each<[string, ProbeResult[]]>([
    ['a success in between', ['failed', 'failed', 'successful', 'failed', 'failed']],
    ['one that could not be run', ['unknown', 'unknown', 'unknown', 'unknown', 'failed']],
  ])('is not failed by too few in a row: %s', (_, results) => {
    const world = probing({ livenessProbe }).start(1);
    answerEach(world, 'liveness', results);
    expect(world.eventsOf('worker-unhealthy')).toEqual([]);
  });

  test('unknown results neither count nor break the row', () => {
    const world = probing({ livenessProbe }).start(1);
    answerEach(world, 'liveness', ['failed', 'unknown', 'failed', 'unknown', 'failed']);
    expect(world.eventsOf('worker-unhealthy')).toHaveLength(1);
    expect(world.eventsOf('worker-probed').map(({ isNew }) => isNew)).toEqual(Array(5).fill(true));
  });

  test.each([
    ['Always', 0, 1],
    ['OnFailure', 0, 1],
    ['OnFailure', 143, 1],
    ['Never', 0, 0],
  ] as const)('under %s an end with %i leads to %i restarts', (policy, code, restarts) => {
    const world = probing({
      livenessProbe: { ...PROBE, failureThreshold: 1 },
      restart: { ...POLICY.restart, policy },
    }).start(1);
    answer(world, 'liveness', 'failed').exit(0, code).settle().advance(1);
    expect(world.spawns()).toHaveLength(1 + restarts);
    // what has never become healthy is no success of the supervisor's
    if (policy === 'Never') expect(world.state.phase).toMatchObject({ exitStatus: 1 });
  });

  test('no code of it is fatal, but backoff and limit apply', () => {
    const world = probing({
      livenessProbe: { ...PROBE, failureThreshold: 1 },
      restart: {
        ...POLICY.restart,
        fatalExitCodes: [3],
        limit: { restarts: 1, withinSeconds: 100 },
      },
    }).start(1);
    answer(world, 'liveness', 'failed').exit(0, 3).settle().advance(1);
    expect(world.spawns()).toHaveLength(2);
    answer(world, 'liveness', 'failed').exit(0, 3).settle();
    expect(world.eventsOf('supervisor-stopping')).toMatchObject([{ cause: { type: 'failure' } }]);
  });

  test('of a predecessor ends that alone', () => {
    const world = probing({ livenessProbe, rollout: { maxUnavailable: 0, maxSurge: 1 } });
    world.policy = { ...world.policy, readinessProbe: PROBE };
    world.start(1);
    answer(world, 'readiness', 'successful');
    world.feed({
      type: 'operation',
      id: 1,
      operation: { type: 'restart', worker: null },
      wait: true,
    });
    world.settle();
    expect(world.state.predecessors).toHaveLength(1);
    world.advance(9);
    const fail = (attempt: number): void => {
      world.feed({
        type: 'probed',
        worker: 0,
        start: 1,
        probe: 'liveness',
        attempt,
        result: 'failed',
        message: '',
      });
      world.settle().advance(10);
    };
    world.advance(1);
    for (const attempt of [2, 3, 4]) fail(attempt);
    expect(world.eventsOf('worker-unhealthy')[0]).toMatchObject({ pid: 100 });
  });
});

describe('a startup probe', () => {
  test('that never succeeds has the worker stopped after failureThreshold periods', () => {
    const world = probing({ startupProbe: { ...PROBE, failureThreshold: 30 } }).start(1);
    world.advance(30 * 10 - 10 + 0.9);
    expect(world.kills()).toEqual([]);
    world.advance(0.1);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 291]]);
    expect(world.eventsOf('worker-unhealthy')).toMatchObject([{ cause: 'startup probe' }]);
  });

  test('holds back readiness, and minReadySeconds count from its success', () => {
    const world = probing({ startupProbe: PROBE, minReadySeconds: 3 }).start(1).advance(0.5);
    answer(world, 'startup', 'failed').advance(9.5);
    expect(isReady(world)).toBe(false);
    answer(world, 'startup', 'successful').advance(2.9);
    expect(isReady(world)).toBe(false);
    world.advance(0.1);
    expect(isReady(world)).toBe(true);
  });

  test('that a reload takes away holds nothing back', () => {
    const world = probing({ startupProbe: PROBE }).start(1);
    expect(isReady(world)).toBe(false);
    world.policy = POLICY;
    world.settle();
    expect(isReady(world)).toBe(true);
    expect(cancelled(world)).toHaveLength(1);
  });
});

describe('a readiness probe', () => {
  const readinessProbe = { ...PROBE, successThreshold: 2 };

  test('makes ready after so many successes, not ready after so many failures, and stops nobody', () => {
    const world = probing({ readinessProbe }).start(1);
    expect(isReady(world)).toBe(false);
    answer(world, 'readiness', 'successful').advance(10);
    expect(isReady(world)).toBe(false);
    answer(world, 'readiness', 'successful').advance(10);
    expect(isReady(world)).toBe(true);
    answerEach(world, 'readiness', ['failed', 'failed', 'successful', 'failed', 'failed']);
    expect(isReady(world)).toBe(true);
    world.advance(10);
    answer(world, 'readiness', 'failed');
    expect(isReady(world)).toBe(false);
    expect(world.eventsOf('worker-unready')).toMatchObject([
      { worker: 0, message: 'its readiness probe has failed (because)' },
    ]);
    world.advance(10);
    answerEach(world, 'readiness', ['successful', 'successful']);
    expect(isReady(world)).toBe(true);
    expect(world.kills()).toEqual([]);
  });

  test('that a reload adds leaves a ready worker ready until it fails', () => {
    const world = probing({}).start(1);
    world.policy = { ...world.policy, readinessProbe };
    world.settle();
    expect(isReady(world)).toBe(true);
    answerEach(world, 'readiness', ['failed', 'failed', 'failed']);
    expect(isReady(world)).toBe(false);
  });

  test('keeps the supervisor starting until every worker has been ready', () => {
    const world = probing({ readinessProbe: PROBE }).start(2);
    answer(world, 'readiness', 'successful', 0);
    expect(world.state.phase.name).toBe('starting');
    answer(world, 'readiness', 'successful', 1);
    expect(world.state.phase.name).toBe('running');
  });
});

describe('notification', () => {
  const notify = { socket: true, watchdogSeconds: 5 };
  const tell = (world: World, told: object): World => {
    world.feed({ type: 'notified', worker: 0, start: 1, ...told });
    return world.settle();
  };

  test('ready once told, not while stopping, and a status in between', () => {
    const world = probing({ notify: { socket: true } })
      .start(1)
      .advance(100);
    expect(isReady(world)).toBe(false);
    expect(statusOf(world.state, world.now, world.policy).workers[0]).toMatchObject({
      notReadyBecause: 'it has not told that it is ready',
    });
    tell(world, { ready: true, status: 'serving' });
    expect(isReady(world)).toBe(true);
    expect(statusOf(world.state, world.now, world.policy).workers[0]).toMatchObject({
      notReadyBecause: null,
      statusText: 'serving',
    });
    tell(world, { ready: false });
    expect(isReady(world)).toBe(false);
    expect(world.eventsOf('worker-unready')).toMatchObject([
      { message: 'it has told that it is stopping' },
    ]);
    expect(nextDeadline(world.state, world.policy)).toBe(null);
  });

  test('a watchdog is watched from readiness on, and one that is not fed is unhealthy', () => {
    const world = tell(probing({ notify }).start(1).advance(60), { ready: true });
    world.advance(4.9);
    tell(world, { watchdog: 'ping' }).advance(4.9);
    expect(world.kills()).toEqual([]);
    world.advance(0.1);
    expect(world.eventsOf('worker-unhealthy')).toMatchObject([
      { cause: 'watchdog', message: 'not fed within 5 s', at: 69.9 },
    ]);
    world.exit(0, 0).settle();
    expect(world.eventsOf('worker-exited')).toMatchObject([{ exit: { reason: 'unhealthy' } }]);
  });

  test('WATCHDOG=trigger is a failure at once, with or without a time to feed it', () => {
    const world = probing({ notify: { socket: true } })
      .start(1)
      .advance(40);
    tell(world, { watchdog: 'trigger' });
    expect(world.kills()).toEqual([[0, 'SIGTERM', 40]]);
    expect(world.eventsOf('worker-unhealthy')).toMatchObject([
      { cause: 'watchdog', message: 'triggered by itself' },
    ]);
  });

  test('it is not watched before readiness, nor while the worker is stopping', () => {
    const world = tell(probing({ notify }).start(1), { watchdog: 'ping' }).advance(20);
    expect(world.kills()).toEqual([]);
    tell(world, { ready: true });
    tell(world, { ready: false }).advance(20);
    expect(world.kills()).toEqual([]);
  });

  test('with a readiness probe it takes both', () => {
    const world = probing({ notify, readinessProbe: PROBE }).start(1);
    answer(world, 'readiness', 'successful');
    expect(isReady(world)).toBe(false);
    tell(world, { ready: true });
    expect(isReady(world)).toBe(true);
  });
});

test.each<[Partial<Policy>, string]>([
  [{ startupProbe: PROBE, readinessProbe: PROBE }, 'its startup probe has not succeeded yet'],
  [{ notify: { socket: true }, readinessProbe: PROBE }, 'it has not told that it is ready'],
  [{ readinessProbe: PROBE, minReadySeconds: 3 }, 'its readiness probe does not succeed'],
  [{ minReadySeconds: 3 }, 'it has not lived for 3 s yet'],
])('%j: why a worker is not ready', (more, reason) => {
  const world = probing(more).start(1);
  const [worker] = statusOf(world.state, world.now, world.policy).workers;
  expect(worker).toMatchObject({ ready: false, notReadyBecause: reason });
});

test('a watchdog beside a liveness probe that has failed too seldom is named as the cause', () => {
  const notify = { socket: true, watchdogSeconds: 5 };
  const world = probing({ livenessProbe: PROBE, notify }).start(1);
  world.feed({ type: 'notified', worker: 0, start: 1, ready: true });
  answer(world, 'liveness', 'failed').advance(5);
  expect(world.eventsOf('worker-unhealthy')).toMatchObject([{ cause: 'watchdog' }]);
});
