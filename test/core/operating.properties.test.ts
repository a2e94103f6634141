import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import type { Operation } from '../../src/core/operation.ts';
import type { Policy } from '../../src/core/policy.ts';
import { sameTemplate } from '../../src/core/template.ts';
import { POLICY } from './harness.ts';
import { System } from './system.ts';

const WORKERS = 4;

/** Milliseconds: generous, for a machine that is busy. */
const DEADLINE = 120_000;

/** What may happen to a supervisor that is operated. */
type Happening =
  | { readonly type: 'time'; readonly seconds: number }
  | { readonly type: 'loop' }
  | { readonly type: 'obey' }
  | { readonly type: 'exit'; readonly place: number; readonly leftover: number }
  | { readonly type: 'signal'; readonly signal: string }
  | { readonly type: 'file'; readonly workers: number; readonly version: number }
  | { readonly type: 'operation'; readonly operation: Operation; readonly wait: boolean };

const rollout = fc.constantFrom(
  { maxUnavailable: 1, maxSurge: 0 },
  { maxUnavailable: 0, maxSurge: 1 },
  { maxUnavailable: 1, maxSurge: 1 },
  { maxUnavailable: 2, maxSurge: 0 },
  { maxUnavailable: 0, maxSurge: 2 },
);

const policy: fc.Arbitrary<Policy> = fc
  .record({
    rollout,
    minReadySeconds: fc.constantFrom(0, 0, 1),
    reloadDelay: fc.constantFrom(0, 0.5),
    order: fc.constantFrom('sequential' as const, 'parallel' as const),
    killMode: fc.constantFrom('mixed' as const, 'control-group' as const, 'process' as const),
  })
  .map(({ order, killMode, ...more }) => ({
    ...POLICY,
    ...more,
    stop: { ...POLICY.stop, order, killMode },
  }));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constant('scale' as const), workers: fc.integer({ min: 0, max: 6 }) }),
  fc.record({
    type: fc.constant('restart' as const),
    worker: fc.option(fc.integer({ min: 0, max: 6 })),
  }),
  fc.constant({ type: 'reload' as const }),
);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'loop' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'obey' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('time' as const),
      seconds: fc.constantFrom(0.125, 0.5, 1, 11),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('exit' as const),
      place: fc.nat(7),
      leftover: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('signal' as const),
      signal: fc.constantFrom('SIGTTIN', 'SIGTTOU', 'SIGHUP'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('file' as const),
      workers: fc.integer({ min: 0, max: 6 }),
      version: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('operation' as const),
      operation,
      wait: fc.boolean(),
    }),
  },
);

const stories = fc.array(happening, { maxLength: 80 });
const spawns = fc.array(fc.constantFrom(true, true, true, false), { minLength: 1, maxLength: 8 });

/** A story, and how many operations were asked for in it. */
class Story {
  readonly system: System;
  operations = 0;

  constructor(config: Policy, outcomes: readonly boolean[]) {
    this.system = new System(config, outcomes, WORKERS);
  }

  tell(happenings: readonly Happening[]): this {
    for (const happening of happenings) this.#apply(happening);
    return this;
  }

  ask(operation: Operation, wait: boolean): number {
    const id = this.operations++;
    this.system.feed({ type: 'operation', id, operation, wait });
    return id;
  }

  /** Nothing fails any more, and whoever is asked ends. */
  rest(): this {
    this.system.recover();
    this.system.calmDown();
    return this;
  }

  #apply(happening: Happening): void {
    const { system } = this;
    switch (happening.type) {
      case 'time':
        system.world.now += happening.seconds;
        break;
      case 'loop':
        system.loop();
        break;
      case 'obey':
        system.obey();
        break;
      case 'exit':
        system.end([...system.alive.values()][happening.place], 1, happening.leftover);
        break;
      case 'signal':
        system.feed({ type: 'signal', signal: happening.signal, hungUp: false });
        break;
      case 'file': {
        const { workers, version } = happening;
        system.file = { ...system.file, workers, command: [`app-${version}`] };
        system.feed({ type: 'file-changed' });
        break;
      }
      case 'operation':
        this.ask(happening.operation, happening.wait);
        break;
    }
  }
}

/** What runs is what is wanted, and nothing is left to be done. */
function expectWanted({ system }: Story): void {
  const { state } = system.world;
  const indices = [...system.alive.values()].map(({ worker }) => worker);
  expect(indices.sort()).toEqual(Array.from({ length: state.desired }, (_, index) => index));
  expect(system.readyCount).toBe(state.desired);
  expect(state).toMatchObject({ rollout: null, predecessors: [], load: { name: 'idle' } });
  expect(state).toMatchObject({ operations: [], answers: [], phase: { name: 'running' } });
}

test(
  'every story ends in what is wanted, and every operation in one answer',
  () => {
    fc.assert(
      fc.property(policy, spawns, stories, (config, outcomes, happenings) => {
        const story = new Story(config, outcomes).tell(happenings).rest();
        expectWanted(story);
        expect(story.system.answers.size).toBe(story.operations);
        for (const { worker, pid, template } of story.system.alive.values()) {
          const slot = story.system.world.state.slots[worker];
          expect(slot).toMatchObject({ state: { pid }, template });
        }
      }),
      { numRuns: 200 },
    );
  },
  DEADLINE,
);

test(
  'a reload in the end makes every worker what the file says, whatever was before',
  () => {
    fc.assert(
      fc.property(policy, spawns, stories, (config, outcomes, happenings) => {
        const story = new Story(config, outcomes).tell(happenings).rest();
        const id = story.ask({ type: 'reload' }, true);
        story.rest();
        expectWanted(story);
        expect(story.system.answers.get(id)).toMatchObject({ outcome: 'done' });
        const { file } = story.system;
        for (const { template } of story.system.alive.values()) {
          expect(sameTemplate(template, file)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  },
  DEADLINE,
);

test(
  'where nothing fails, every worker is in the end what the file has said last',
  () => {
    const peaceful = stories.map((story) => story.filter(({ type }) => type !== 'exit'));
    fc.assert(
      fc.property(policy, peaceful, (config, happenings) => {
        const story = new Story(config, [true]).tell(happenings).rest();
        expectWanted(story);
        const { file, alive } = story.system;
        for (const { template } of alive.values()) expect(sameTemplate(template, file)).toBe(true);
      }),
      { numRuns: 150 },
    );
  },
  DEADLINE,
);

test(
  'a scale in the end has the last word, and the file the next one',
  () => {
    fc.assert(
      fc.property(policy, spawns, stories, (config, outcomes, happenings) => {
        const story = new Story(config, outcomes).tell(happenings).rest();
        const id = story.ask({ type: 'scale', workers: 5 }, true);
        story.rest();
        expectWanted(story);
        expect(story.system.answers.get(id)).toMatchObject({ outcome: 'done' });
        expect(story.system.world.state.desired).toBe(5);
        story.ask({ type: 'reload' }, true);
        story.rest();
        expect(story.system.world.state.desired).toBe(5);
        story.tell([{ type: 'file', workers: 8, version: 0 }]).rest();
        expect(story.system.world.state.desired).toBe(8);
      }),
      { numRuns: 100 },
    );
  },
  DEADLINE,
);

test(
  'a stop in the middle of anything ends everything, and every operation',
  () => {
    fc.assert(
      fc.property(policy, spawns, stories, stories, (config, outcomes, before, after) => {
        const story = new Story(config, outcomes).tell(before);
        const id = story.ask({ type: 'stop' }, true);
        const { world } = story.system;
        const started = world.spawns().length;
        story.tell(after.filter(({ type }) => type !== 'time')).rest();
        expect(world.state.phase.name).toBe('stopped');
        expect(story.system.alive.size).toBe(0);
        expect(world.spawns()).toHaveLength(started);
        expect(story.system.answers.get(id)).toEqual({ outcome: 'done', message: 'stopped' });
        expect(story.system.answers.size).toBe(story.operations);
      }),
      { numRuns: 100 },
    );
  },
  DEADLINE,
);

test('a tick that is not due changes nothing, and a second one neither', () => {
  fc.assert(
    fc.property(policy, spawns, stories, (config, outcomes, happenings) => {
      const story = new Story(config, outcomes);
      for (const each of happenings) {
        story.tell([each]);
        expect(story.system.secondTick()).toEqual([]);
      }
    }),
  );
});
