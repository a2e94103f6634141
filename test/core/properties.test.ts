import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import type { Input } from '../../src/core/input.ts';
import type { Policy } from '../../src/core/policy.ts';
import { isDue, nextDeadline, step } from '../../src/core/step.ts';
import { isStopping } from '../../src/core/stop.ts';
import { POLICY } from './harness.ts';
import { System } from './system.ts';

/** What may happen to a supervisor; times are seconds that pass before. */
type Happening =
  | { readonly type: 'time'; readonly seconds: number }
  | {
      readonly type: 'exit';
      readonly worker: number;
      readonly exitCode: number;
      /** How often its group is still found alive after it. */
      readonly leftover: number;
    }
  | { readonly type: 'signal'; readonly signal: string }
  | { readonly type: 'junk'; readonly input: Input }
  | { readonly type: 'loop' };

const WORKERS = 5;

const policy: fc.Arbitrary<Policy> = fc.record({
  workers: fc.constant(WORKERS),
  args: fc.constant([]),
  env: fc.constant({}),
  metrics: fc.constant(POLICY.metrics),
  minReadySeconds: fc.constantFrom(0, 1),
  rollout: fc.constant(POLICY.rollout),
  command: fc.constantFrom(['app'], 'app'),
  signals: fc.constant(POLICY.signals),
  restart: fc.constant(POLICY.restart),
  reloadDelay: fc.constantFrom(0, 0.25, 0.5, 2),
  stop: fc.record({
    signal: fc.constant('SIGTERM' as const),
    order: fc.constantFrom('sequential' as const, 'parallel' as const),
    gracePeriodSeconds: fc.constantFrom(0, 1, 4),
    timeoutSeconds: fc.constantFrom(4, 6, 25),
    killMode: fc.constantFrom('mixed' as const, 'control-group' as const, 'process' as const),
  }),
});

const worker = fc.nat(WORKERS);
const start = fc.integer({ min: 1, max: 4 });
const junk: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    type: fc.constant('spawned' as const),
    worker,
    start,
    pid: fc.nat(),
    random: fc.constant(0),
  }),
  fc.record({
    type: fc.constant('exited' as const),
    worker,
    start: fc.constant(99),
    exitCode: fc.nat(255),
    signal: fc.constant(null),
    groupAlive: fc.boolean(),
    oomKills: fc.constant(null),
    random: fc.constant(0),
  }),
  fc.constant<Input>({ type: 'start', workers: 3, workersFrom: null, pid: 1, oomKills: 0 }),
  fc.constant<Input>({ type: 'tick' }),
);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('loop' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('time' as const),
      seconds: fc.constantFrom(0, 0.125, 0.5, 1, 7),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('exit' as const),
      worker,
      exitCode: fc.constantFrom(0, 1, -9),
      leftover: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('signal' as const),
      signal: fc.constantFrom('SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGTTIN'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('junk' as const), input: junk }) },
);

/** What happens to a system. */
function apply(system: System, happening: Happening): void {
  switch (happening.type) {
    case 'time':
      system.world.now += happening.seconds;
      break;
    case 'exit': {
      const { worker, exitCode, leftover } = happening;
      const process = [...system.alive.values()].find((each) => each.worker === worker);
      system.end(process, exitCode, leftover);
      break;
    }
    case 'signal':
      system.feed({ type: 'signal', signal: happening.signal, hungUp: false });
      break;
    case 'junk':
      // a stranger's "spawned" for a spawn that is under way would be a lie of the shell itself
      if (happening.input.type !== 'spawned') system.feed(happening.input);
      break;
    case 'loop':
      system.loop();
      break;
  }
}

const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const happenings = fc.array(happening, { maxLength: 60 });

test('every exit is told exactly once, and never more run than are wanted', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, (config, spawns, story) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of story) apply(system, happening);
      const told = system.world
        .eventsOf('worker-exited')
        .map(({ worker, start }) => `${worker}/${start}`);
      expect(new Set(told).size).toBe(told.length);
    }),
  );
});

test('after a stop every story ends, within the budget, with nothing started', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, happenings, (config, spawns, before, after) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of before) apply(system, happening);
      system.feed({ type: 'signal', signal: 'SIGTERM', hungUp: false });
      const { world } = system;
      const asked = world.eventsOf('supervisor-stopping').at(-1)?.at ?? NaN;
      const started = world.spawns().length;
      // a story that let the deadline pass goes on from here
      const resumed = world.now;
      for (const happening of after) {
        if (happening.type !== 'time') apply(system, happening);
      }
      for (let turn = 0; world.state.phase.name !== 'stopped' && turn < 200; turn += 1) {
        system.loop();
        const deadline = nextDeadline(world.state, config) ?? world.now;
        if (Number.isFinite(deadline)) world.now = Math.max(world.now, deadline);
      }
      expect(world.state.phase.name).toBe('stopped');
      expect(world.spawns()).toHaveLength(started);
      expect(system.alive.size).toBe(0);
      const end = world.eventsOf('supervisor-stopped').at(-1)?.at ?? NaN;
      expect(end).toBeLessThanOrEqual(Math.max(asked + config.stop.timeoutSeconds, resumed));
    }),
  );
});

test('a tick that is not due changes nothing', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, (config, spawns, story) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of story) {
        apply(system, happening);
        const { world } = system;
        if (isDue(world.state, world.now, config)) continue;
        const before = world.state;
        system.feed({ type: 'tick' });
        expect(world.state).toEqual(before);
      }
    }),
  );
});

test('a second tick at the same instant yields nothing', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, (config, spawns, story) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of story) {
        apply(system, happening);
        const { state, now } = system.world;
        const first = step(state, { type: 'tick' }, now, config);
        const second = step(first.state, { type: 'tick' }, now, config);
        expect(second).toEqual({ state: first.state, effects: [], events: [] });
      }
    }),
  );
});

test('while everybody is ready and no stop has begun there is no deadline', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, (config, spawns, story) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of [...story, { type: 'loop' } as const]) apply(system, happening);
      const { state } = system.world;
      const quiet = state.slots.every(({ state: each }) => each.name === 'running' && each.ready);
      if (quiet && !isStopping(state)) expect(nextDeadline(state, config)).toBeNull();
    }),
  );
});

test('passes are at least reloadDelay apart', () => {
  fc.assert(
    fc.property(policy, outcomes, happenings, (config, spawns, story) => {
      const system = new System(config, spawns, WORKERS);
      for (const happening of story) apply(system, happening);
      for (let slot = 0; slot < WORKERS; slot += 1) {
        const starts = system.world.spawns().filter(([worker]) => worker === slot);
        const times = starts.map(([, , at]) => at);
        times.slice(1).forEach((at, index) => {
          expect(at - (times[index] ?? NaN)).toBeGreaterThanOrEqual(config.reloadDelay);
        });
      }
    }),
  );
});
