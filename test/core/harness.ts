import type { Effect } from '../../src/core/effect.ts';
import type { Event, EventType } from '../../src/core/event.ts';
import type { Input } from '../../src/core/input.ts';
import type { Policy } from '../../src/core/policy.ts';
import { initialState } from '../../src/core/state.ts';
import type { State } from '../../src/core/state.ts';
import { isDue, nextDeadline, step } from '../../src/core/step.ts';

const SIGNALS: Policy['signals'] = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGQUIT: 'stop',
  SIGHUP: 'reload',
  SIGUSR1: 'forward',
  SIGUSR2: { forward: 'SIGHUP' },
  SIGWINCH: 'forward',
  SIGTTIN: 'scale-up',
  SIGTTOU: 'scale-down',
};

export const POLICY: Policy = {
  workers: 3,
  command: ['app'],
  args: [],
  env: {},
  metrics: { enabled: true, host: '::', port: 9464, path: '/metrics', page: true },
  minReadySeconds: 0,
  rollout: { maxUnavailable: 1, maxSurge: 0 },
  signals: SIGNALS,
  restart: { policy: 'Always', successExitCodes: [0], fatalExitCodes: [] },
  reloadDelay: 0.5,
  stop: { signal: 'SIGTERM', order: 'sequential', gracePeriodSeconds: 10, timeoutSeconds: 25 },
};

export function policyWith(stop: Partial<Policy['stop']>, reloadDelay = 0.5): Policy {
  return { ...POLICY, reloadDelay, stop: { ...POLICY.stop, ...stop } };
}

type Exited = Extract<Input, { type: 'exited' }>;

export function policyRestarting(restart: Partial<Policy['restart']>, reloadDelay = 0.5): Policy {
  return { ...POLICY, reloadDelay, restart: { ...POLICY.restart, ...restart } };
}

/** A supervisor in virtual time: steps the core, and performs spawns as a perfect system would. */
export class World {
  state: State = initialState;
  now = 0;
  readonly effects: (Effect & { at: number })[] = [];
  readonly events: (Event & { at: number })[] = [];
  #nextPid = 100;
  policy: Policy;

  constructor(policy: Policy = POLICY) {
    this.policy = policy;
  }

  /** Feeds one input, without performing what it leads to. */
  feed(input: Input): readonly Effect[] {
    const outcome = step(this.state, input, this.now, this.policy);
    this.state = outcome.state;
    this.effects.push(...outcome.effects.map((effect) => ({ ...effect, at: this.now })));
    this.events.push(...outcome.events.map((event) => ({ ...event, at: this.now })));
    return outcome.effects;
  }

  start(workers: number): this {
    this.feed({ type: 'start', workers, workersFrom: null, pid: 1, oomKills: 0 });
    return this.settle();
  }

  /** Ticks while something is due at this instant; every spawn succeeds. */
  settle(): this {
    while (isDue(this.state, this.now, this.policy)) {
      for (const effect of this.feed({ type: 'tick' })) {
        if (effect.type !== 'spawn') continue;
        const { worker, start } = effect;
        this.feed({ type: 'spawned', worker, start, pid: this.#nextPid++, random: 0 });
      }
    }
    return this;
  }

  /** Lets time pass, deadline by deadline. */
  advance(seconds: number): this {
    const end = this.now + seconds;
    this.settle();
    for (;;) {
      const deadline = nextDeadline(this.state, this.policy);
      if (deadline === null || deadline > end) break;
      this.now = Math.max(this.now, deadline);
      this.settle();
    }
    this.now = end;
    return this;
  }

  /** The process in a slot ends. */
  exit(
    worker: number,
    exitCode: number,
    signal: string | null = null,
    more: Partial<Exited> = {},
  ): this {
    const start = this.state.slots[worker]?.starts ?? 0;
    const base = { type: 'exited', worker, start, exitCode, signal } as const;
    this.feed({ ...base, groupAlive: false, oomKills: null, random: 0, ...more });
    return this;
  }

  /** The answer to a `check-group`. */
  checked(worker: number, alive: boolean): this {
    const start = this.state.slots[worker]?.starts ?? 0;
    this.feed({ type: 'group-checked', worker, start, alive });
    return this;
  }

  signal(signal: string): this {
    this.feed({ type: 'signal', signal, hungUp: false });
    return this.settle();
  }

  names(): readonly string[] {
    return this.state.slots.map((slot) => slot.state.name);
  }

  eventsOf<Type extends EventType>(
    type: Type,
  ): (Extract<Event, { type: Type }> & { at: number })[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  /** When each worker was sent a signal: `[worker, signal, at]`. */
  kills(): readonly (readonly [number, string, number])[] {
    return this.effects
      .filter((effect) => effect.type === 'kill')
      .map(({ worker, signal, at }) => [worker, signal, at]);
  }

  /** When each worker was started: `[worker, start, at]`. */
  spawns(): readonly (readonly [number, number, number])[] {
    return this.effects
      .filter((effect) => effect.type === 'spawn')
      .map(({ worker, start, at }) => [worker, start, at]);
  }
}
