import { describe, expect, test } from '@jest/globals';

import { ABANDON_AFTER, CHECK_INTERVAL } from '../../src/core/ending.ts';
import type { Policy } from '../../src/core/policy.ts';
import { POLICY, policyWith, World } from './harness.ts';

const alive = { groupAlive: true };
const mixed = policyWith({ gracePeriodSeconds: 2 });
const group = policyWith({ gracePeriodSeconds: 2, killMode: 'control-group' });
const single = policyWith({ gracePeriodSeconds: 2, killMode: 'process' });
const shell: Policy = { ...mixed, command: 'app' };

const signalsOf = (world: World): readonly unknown[] =>
  world.effects.flatMap((effect) =>
    effect.type === 'kill' ? [[effect.signal, effect.target, effect.at]] : [],
  );

describe('a worker crashes and leaves somebody of its group', () => {
  test('mixed: they are killed, and the slot waits until they are gone', () => {
    const world = new World(mixed).start(1).advance(9).exit(0, 1, null, alive).settle();
    expect(signalsOf(world)).toEqual([['SIGKILL', 'group', 9]]);
    expect(world.names()).toEqual(['stopping']);
    expect(world.eventsOf('worker-exited')).toMatchObject([{ exit: { code: 1, reason: 'exit' } }]);
    world.checked(0, true).advance(CHECK_INTERVAL);
    expect(world.effects.filter((effect) => effect.type === 'check-group')).toHaveLength(2);
    world.checked(0, false).settle();
    expect(world.names()).toEqual(['running']);
    expect(world.spawns().at(-1)).toEqual([0, 2, 9 + CHECK_INTERVAL]);
  });

  test('control-group: they are asked, and killed when the grace is over', () => {
    const world = new World(group).start(1).advance(9).exit(0, 1, null, alive).settle();
    expect(signalsOf(world)).toEqual([['SIGTERM', 'group', 9]]);
    world.advance(1.99);
    expect(signalsOf(world)).toHaveLength(1);
    world.advance(0.02);
    expect(signalsOf(world).at(-1)).toEqual(['SIGKILL', 'group', 11]);
    world.checked(0, false).settle();
    expect(world.names()).toEqual(['running']);
  });

  test('process: they are left alone', () => {
    const world = new World(single).start(1).advance(9).exit(0, 1, null, alive).settle();
    expect(signalsOf(world)).toEqual([]);
    expect(world.names()).toEqual(['running']);
  });

  test('and the kernel cannot end them: they are named, and the slot is used again', () => {
    const world = new World(mixed).start(1).advance(9).exit(0, 1, null, alive);
    world.advance(ABANDON_AFTER);
    expect(world.eventsOf('worker-abandoned')).toMatchObject([
      { worker: 0, at: 9 + ABANDON_AFTER },
    ]);
    expect(world.names()).toEqual(['running']);
  });

  test('and that was the last to complete: the supervisor ends all the same', () => {
    const policy = { ...mixed, restart: { ...mixed.restart, policy: 'Never' as const } };
    const world = new World(policy).start(1).advance(9).exit(0, 3, null, alive).settle();
    world.advance(ABANDON_AFTER);
    expect(world.eventsOf('worker-abandoned')).toHaveLength(1);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 3 });
  });

  test('looks for them come less and less often', () => {
    const policy = policyWith({ gracePeriodSeconds: 10, killMode: 'control-group' });
    const world = new World(policy).start(1).advance(9).exit(0, 1, null, alive);
    world.advance(9.9);
    const looks = world.effects.flatMap((effect) =>
      effect.type === 'check-group' ? [effect.at] : [],
    );
    expect(looks.length).toBeLessThan(40);
    expect(looks[0]).toBeCloseTo(9.01, 6);
    expect(looks.at(-1)! - looks.at(-2)!).toBeCloseTo(0.32, 6);
  });

  test('others are replaced meanwhile', () => {
    const world = new World(group).start(2).advance(9).exit(0, 1, null, alive).exit(1, 1).settle();
    expect(world.names()).toEqual(['stopping', 'running']);
  });

  test('a stop in the middle is not over before they are gone, and bounds their grace', () => {
    const policy = policyWith({
      killMode: 'control-group',
      gracePeriodSeconds: 9,
      timeoutSeconds: 9,
    });
    const world = new World(policy).start(1).advance(9).exit(0, 1, null, alive).settle();
    world.advance(1).signal('SIGTERM').advance(7.9);
    expect(signalsOf(world)).toEqual([['SIGTERM', 'group', 9]]);
    world.advance(0.2);
    expect(signalsOf(world).at(-1)).toEqual(['SIGKILL', 'group', 18]);
    world.checked(0, false).settle();
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });
});

describe('during a stop', () => {
  test.each<[string, Policy, readonly unknown[]]>([
    [
      'mixed',
      mixed,
      [
        ['SIGTERM', 'process', 0],
        ['SIGKILL', 'group', 1],
      ],
    ],
    [
      'control-group',
      group,
      [
        ['SIGTERM', 'group', 0],
        ['SIGKILL', 'group', 2],
      ],
    ],
    [
      'a string command',
      shell,
      [
        ['SIGTERM', 'group', 0],
        ['SIGKILL', 'group', 2],
      ],
    ],
    ['process', single, [['SIGTERM', 'process', 0]]],
  ])('%s: a worker that ends after 1 s of its 2 and leaves somebody', (_, policy, expected) => {
    const world = new World(policy).start(1).signal('SIGTERM').advance(1);
    world.exit(0, 0, null, alive).settle().advance(1.5);
    expect(signalsOf(world)).toEqual(expected);
    world.checked(0, false).settle();
    expect(world.eventsOf('input-ignored')).toEqual([]);
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('the next is asked when the whole group is gone', () => {
    const world = new World(mixed).start(2).signal('SIGTERM').exit(0, 0, null, alive).settle();
    expect(world.eventsOf('worker-stopping')).toHaveLength(1);
    world.checked(0, false).settle();
    expect(world.eventsOf('worker-stopping')).toHaveLength(2);
  });

  test.each([
    ['mixed', mixed, 'group'],
    ['process', single, 'process'],
  ] as const)('%s: SIGKILL after the grace goes to the %s', (_, policy, target) => {
    const world = new World(policy).start(1).signal('SIGTERM').advance(2);
    expect(signalsOf(world).at(-1)).toEqual(['SIGKILL', target, 2]);
    // somebody is left for a moment
    world.exit(0, -9, 'SIGKILL', alive).settle();
    if (target === 'group') world.checked(0, false).settle();
    expect(world.state.phase.name).toBe('stopped');
  });

  test('a second SIGINT kills what is left of a group too', () => {
    const world = new World(group).start(1).signal('SIGINT').exit(0, 0, null, alive).settle();
    world.signal('SIGINT');
    expect(signalsOf(world).at(-1)).toEqual(['SIGKILL', 'group', 0]);
  });
});

describe('an OOM kill', () => {
  test.each([
    [-9, 'SIGKILL', 1, true, 'oom'],
    [137, null, 1, true, 'oom'],
    [-9, 'SIGKILL', 0, false, 'signal'],
    [-9, 'SIGKILL', null, null, 'signal'],
    [137, null, 0, false, 'exit'],
    [1, null, 1, false, 'exit'],
    [-15, 'SIGTERM', 1, false, 'signal'],
  ] as const)('exit %p (%p), %p kills: %p, reason %s', (...row) => {
    const [exitCode, signal, oomKills, oomKilled, reason] = row;
    const world = new World().start(1).advance(9).exit(0, exitCode, signal, { oomKills }).settle();
    expect(world.eventsOf('worker-exited')).toMatchObject([{ oomKilled, exit: { reason } }]);
    expect(world.eventsOf('worker-started').at(-1)).toMatchObject({ restartReason: reason });
  });

  test('explains one end, and those before the start none', () => {
    const world = new World();
    world.feed({ type: 'start', workers: 1, workersFrom: null, pid: 1, oomKills: 5 });
    world.settle();
    // two kills are seen at once, the second with the first one's end
    for (const oomKills of [5, 7, 7, 7]) {
      world.advance(9).exit(0, -9, 'SIGKILL', { oomKills }).settle();
    }
    const verdicts = world.eventsOf('worker-exited').map(({ oomKilled }) => oomKilled);
    expect(verdicts).toEqual([false, true, true, false]);
  });

  test('of a worker that was asked to stop is still a stop', () => {
    const world = new World().start(1).signal('SIGTERM');
    world.exit(0, -9, 'SIGKILL', { oomKills: 1 });
    expect(world.eventsOf('worker-exited')).toMatchObject([{ exit: { reason: 'stopped' } }]);
  });
});

describe('signals that are sent on', () => {
  const forwards = (world: World): readonly unknown[] =>
    world.effects.flatMap((effect) =>
      effect.type === 'kill' ? [[effect.worker, effect.signal, effect.target]] : [],
    );

  test('go to every worker that is alive, once', () => {
    const world = new World().start(3).exit(1, 1).signal('SIGUSR1');
    expect(forwards(world)).toEqual([
      [0, 'SIGUSR1', 'process'],
      [2, 'SIGUSR1', 'process'],
    ]);
    world.advance(5);
    expect(forwards(world)).toHaveLength(2);
  });

  test('are rewritten', () => {
    expect(forwards(new World().start(1).signal('SIGUSR2'))).toEqual([[0, 'SIGHUP', 'process']]);
  });

  test('go to the whole group where killMode says so', () => {
    const world = new World({ ...POLICY, command: 'app' }).start(1).signal('SIGUSR1');
    expect(forwards(world)).toEqual([[0, 'SIGUSR1', 'group']]);
  });

  test('reach workers that are being stopped, too', () => {
    const world = new World().start(1).signal('SIGTERM').signal('SIGUSR1');
    expect(forwards(world).at(-1)).toEqual([0, 'SIGUSR1', 'process']);
  });
});
