import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import type { Probe } from '../../src/config/generated.ts';
import type { ProbeResult } from '../../src/core/health.ts';
import type { Policy } from '../../src/core/policy.ts';
import { nextDeadline } from '../../src/core/step.ts';
import { POLICY } from './harness.ts';
import { System } from './system.ts';
import type { Process } from './system.ts';

const WORKERS = 4;

/** Milliseconds: generous, for a machine that is busy. */
const DEADLINE = 120_000;

const probe = (successThreshold: fc.Arbitrary<number>): fc.Arbitrary<Probe> =>
  fc.record({
    tcpSocket: fc.constant({ host: '127.0.0.1', port: 80 }),
    initialDelaySeconds: fc.constantFrom(0, 0, 2),
    periodSeconds: fc.constantFrom(0.5, 1, 3),
    timeoutSeconds: fc.constantFrom(0.5, 1, 5),
    successThreshold,
    failureThreshold: fc.constantFrom(1, 2, 3),
  });

const maybe = <T>(what: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(what, { nil: undefined });

const once = fc.constant(1);

const recycle: fc.Arbitrary<Policy['recycle']> = maybe(
  fc.record({
    maxLifetimeSeconds: fc.constantFrom(5, 20),
    maxMemory: fc.constantFrom('100', '1k'),
    jitter: fc.constantFrom(0, 0.5),
  }),
);

const policy: fc.Arbitrary<Policy> = fc
  .record({
    startupProbe: maybe(probe(once)),
    readinessProbe: maybe(probe(fc.constantFrom(1, 2))),
    livenessProbe: maybe(probe(once)),
    notify: maybe(fc.constantFrom({ socket: true, watchdogSeconds: 2 }, { socket: false, fd: 3 })),
    recycle,
    minReadySeconds: fc.constantFrom(0, 1),
    rollout: fc.constantFrom(
      { maxUnavailable: 1, maxSurge: 0 },
      { maxUnavailable: 0, maxSurge: 1 },
      { maxUnavailable: 2, maxSurge: 1 },
    ),
  })
  .map((more) => {
    const set = Object.entries(more).filter(([, value]) => value !== undefined);
    return { ...POLICY, reloadDelay: 0.25, ...Object.fromEntries(set) };
  });

/** How a process is, for as long as it lives. */
type Nature = 'healthy' | 'hung' | 'failing' | 'flapping' | 'unknown' | 'silent';

const natures = fc.array(
  fc.constantFrom<Nature>('healthy', 'healthy', 'hung', 'failing', 'flapping', 'unknown', 'silent'),
  { minLength: 1, maxLength: 8 },
);

type Happening =
  | { readonly type: 'turn' }
  | { readonly type: 'exit'; readonly place: number }
  | { readonly type: 'restart' }
  | { readonly type: 'scale'; readonly workers: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ type: 'turn' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('exit' as const), place: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('scale' as const), workers: fc.nat(6) }),
  },
);

const stories = fc.array(happening, { maxLength: 150 });

const RESULTS: Readonly<Record<Nature, (attempt: number) => ProbeResult | null>> = {
  healthy: () => 'successful',
  silent: () => 'successful',
  hung: () => null,
  failing: () => 'failed',
  flapping: (attempt) => (attempt % 3 === 0 ? 'failed' : 'successful'),
  unknown: () => 'unknown',
};

/** A supervisor whose workers are of these natures, one after the other. */
class Clinic {
  readonly system: System;
  readonly #natures: readonly Nature[];
  readonly #told = new Set<number>();
  #operations = 0;

  constructor(config: Policy, all: readonly Nature[]) {
    this.#natures = all;
    this.system = new System(config, [true], WORKERS);
    this.system.answerOf = (process, { attempt }) => RESULTS[this.natureOf(process)](attempt);
    this.system.memoryOf = ({ pid }) => (pid % 3) * 500;
  }

  natureOf({ pid }: Process): Nature {
    return this.#natures[pid % this.#natures.length] ?? 'healthy';
  }

  tell(happenings: readonly Happening[]): this {
    for (const each of happenings) this.#apply(each);
    return this;
  }

  /** What is due is done, the workers speak, and time passes until something is due. */
  turn(): void {
    const { system } = this;
    const { world } = system;
    for (const process of system.alive.values()) this.#speak(process);
    system.loop();
    system.obey();
    system.answer();
    const deadline = nextDeadline(world.state, world.policy);
    if (deadline !== null && deadline > world.now) world.now = deadline;
  }

  #speak(process: Process): void {
    const { pid, worker, start, wasAsked } = process;
    if (this.natureOf(process) === 'silent' || this.natureOf(process) === 'hung') return;
    if (wasAsked) return;
    this.system.feed(
      this.#told.has(pid)
        ? { type: 'notified', worker, start, watchdog: 'ping' }
        : { type: 'notified', worker, start, ready: true, status: 'here' },
    );
    this.#told.add(pid);
  }

  #apply(each: Happening): void {
    const { system } = this;
    const id = this.#operations++;
    switch (each.type) {
      case 'turn':
        this.turn();
        break;
      case 'exit':
        system.end([...system.alive.values()][each.place], 1, 0);
        break;
      case 'restart': {
        const operation = { type: 'restart', worker: null } as const;
        system.feed({ type: 'operation', id, operation, wait: true });
        break;
      }
      case 'scale': {
        const operation = { type: 'scale', workers: each.workers } as const;
        system.feed({ type: 'operation', id, operation, wait: true });
        break;
      }
    }
  }
}

test(
  'who is healthy is never called unhealthy, whatever happens around him',
  () => {
    fc.assert(
      fc.property(policy, natures, stories, (config, all, happenings) => {
        const { system } = new Clinic(config, all).tell(happenings);
        const seen = new Map(
          system.world.eventsOf('worker-started').map((each) => [each.pid, each]),
        );
        for (const { pid } of system.world.eventsOf('worker-unhealthy')) {
          const nature = all[pid % all.length];
          // who is silent may have a watchdog to feed, and who flaps a threshold of one
          expect(nature).not.toBe('healthy');
          expect(seen.has(pid)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  },
  DEADLINE,
);

test(
  'one that hangs is asked to stop as soon as its liveness probe allows',
  () => {
    const live = policy.map(({ rollout, minReadySeconds, reloadDelay }) => ({
      ...POLICY,
      rollout,
      minReadySeconds,
      reloadDelay,
      livenessProbe: { ...PROBE, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3 },
    }));
    fc.assert(
      fc.property(live, stories, (config, happenings) => {
        const { system } = new Clinic(config, ['hung']).tell(happenings);
        const { world } = system;
        const started = new Map(world.eventsOf('worker-started').map(({ pid, at }) => [pid, at]));
        for (const { pid, at, cause } of world.eventsOf('worker-unhealthy')) {
          expect(cause).toBe('liveness probe');
          expect(at - (started.get(pid) ?? 0)).toBeCloseTo(2 * 2 + 1);
        }
        for (const { pid, wasAsked } of system.alive.values()) {
          if (!wasAsked) expect(world.now - (started.get(pid) ?? 0)).toBeLessThanOrEqual(5);
        }
      }),
      { numRuns: 100 },
    );
  },
  DEADLINE,
);

const PROBE: Probe = {
  tcpSocket: { host: '127.0.0.1', port: 80 },
  initialDelaySeconds: 0,
  periodSeconds: 1,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

test(
  'recycling takes one at a time, and waits until the one before is ready',
  () => {
    fc.assert(
      fc.property(policy, natures, stories, (config, all, happenings) => {
        const { system } = new Clinic(config, all).tell(happenings);
        const { world } = system;
        let last: { readonly worker: number; readonly at: number } | null = null;
        for (const event of world.events) {
          if (event.type === 'worker-recycling') {
            expect(last).toBe(null);
            last = event;
          }
          const isOver =
            (last !== null && 'worker' in event && event.worker === last.worker) ||
            event.type === 'rollout-aborted' ||
            event.type === 'scaled';
          const ends = ['worker-started', 'worker-exited', 'scaled', 'rollout-aborted'];
          if (isOver && ends.includes(event.type)) last = null;
        }
      }),
      { numRuns: 300 },
    );
  },
  DEADLINE,
);

test(
  'during a stop no probe is begun, none is left and none is told of',
  () => {
    fc.assert(
      fc.property(policy, natures, stories, (config, all, happenings) => {
        const clinic = new Clinic(config, all).tell(happenings);
        const { system } = clinic;
        const { world } = system;
        system.feed({ type: 'stop', cause: { type: 'request' } });
        const [events, effects] = [world.events.length, world.effects.length];
        for (let turn = 0; turn < 40; turn += 1) clinic.turn();
        expect(world.state.phase.name).toBe('stopped');
        expect(system.probesUnderWay).toEqual([]);
        const after = world.events.slice(events).map(({ type }) => type);
        expect(after).not.toContain('worker-probed');
        expect(after).not.toContain('worker-unready');
        expect(after).not.toContain('input-ignored');
        expect(world.effects.slice(effects).map(({ type }) => type)).not.toContain('probe');
      }),
      { numRuns: 200 },
    );
  },
  DEADLINE,
);

test(
  'a tick that is not due changes nothing, and a second one neither',
  () => {
    fc.assert(
      fc.property(policy, natures, stories, (config, all, happenings) => {
        const clinic = new Clinic(config, all);
        for (const each of happenings) {
          clinic.tell([each]);
          expect(clinic.system.secondTick()).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  },
  DEADLINE,
);
