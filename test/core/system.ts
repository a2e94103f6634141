import { expect } from '@jest/globals';

import type { Effect } from '../../src/core/effect.ts';
import type { ProbeResult } from '../../src/core/health.ts';
import type { Input } from '../../src/core/input.ts';
import type { OperationResult } from '../../src/core/operation.ts';
import type { Policy } from '../../src/core/policy.ts';
import { MOST_PROBES } from '../../src/core/probing.ts';
import { isReady, isWanted, ownerOf } from '../../src/core/slots.ts';
import type { Template } from '../../src/core/state.ts';
import { isDue, nextDeadline, step } from '../../src/core/step.ts';
import { World } from './harness.ts';

/** A process of the system. */
export interface Process {
  readonly worker: number;
  readonly start: number;
  readonly pid: number;
  readonly template: Template;
  /** How often its group is found alive after it. */
  leftover: number;
  wasAsked: boolean;
}

type Probe = Effect & { type: 'probe' };

/** A system whose spawns fail as often as it is told, and whose processes end when it is said. */
export class System {
  readonly world: World;
  readonly alive = new Map<number, Process>();
  readonly exits: { worker: number; start: number }[] = [];
  readonly answers = new Map<number, OperationResult>();
  /** What reading the configuration comes to. */
  file: Policy;
  /** What a probe of a process comes to; null: it does not answer. */
  answerOf: (process: Process, probe: Probe) => ProbeResult | null = () => 'successful';
  /** Bytes that a process has. */
  memoryOf: (process: Process) => number = () => 0;
  #groups = new Map<string, number>();
  #pending: (Effect & { type: 'spawn' })[] = [];
  #checks: (Effect & { type: 'check-group' })[] = [];
  #loads = 0;
  readonly #probes = new Map<string, Probe>();
  #samples: (Effect & { type: 'sample-memory' })[] = [];
  #nextPid = 1000;
  #outcomes: readonly boolean[];
  #turn = 0;

  constructor(policy: Policy, outcomes: readonly boolean[], workers: number) {
    this.world = new World({ ...policy, workers });
    this.file = this.world.policy;
    this.#outcomes = outcomes;
    this.feed({ type: 'start', workers, workersFrom: null, pid: 1, oomKills: 0 });
  }

  get readyCount(): number {
    const { state } = this.world;
    return state.slots.filter((slot) => isWanted(state, slot) && isReady(state, slot)).length;
  }

  feed(input: Input): void {
    const before = this.readyCount;
    const { desired } = this.world.state;
    const events = this.world.events.length;
    for (const effect of this.world.feed(input)) this.#perform(effect);
    this.#check();
    if (input.type !== 'tick' && input.type !== 'sweep') return;
    // who has lost it by himself was not taken away
    const lost = this.world.events
      .slice(events)
      .filter(({ type }) => type === 'worker-unready' || type === 'worker-unhealthy').length;
    if (this.readyCount < before - lost && this.world.state.phase.name === 'running') {
      const { maxUnavailable } = this.world.policy.rollout;
      expect(this.readyCount).toBeGreaterThanOrEqual(desired - maxUnavailable);
    }
  }

  /** What a second tick at this instant does, or the first one if none is due. */
  secondTick(): readonly Effect[] {
    const { state, now, policy } = this.world;
    const first = isDue(state, now, policy)
      ? step(state, { type: 'tick' }, now, policy).state
      : state;
    const second = step(first, { type: 'tick' }, now, policy);
    expect(second.state).toEqual(first);
    expect(second.events).toEqual([]);
    return second.effects;
  }

  /** From here on every spawn succeeds. */
  recover(): void {
    this.#outcomes = [true];
  }

  /** Probes that the shell runs. */
  get probesUnderWay(): readonly Probe[] {
    return [...this.#probes.values()];
  }

  /** Every probe that gets an answer gets it, and what has been asked about the memory. */
  answer(): void {
    for (const [key, probe] of this.#probes) {
      const process = this.#processOf(probe.worker, probe.start);
      const result = process === undefined ? null : this.answerOf(process, probe);
      if (result === null) continue;
      this.#probes.delete(key);
      const { worker, start, attempt } = probe;
      this.feed({
        type: 'probed',
        worker,
        start,
        probe: probe.probe,
        attempt,
        result,
        message: '',
      });
    }
    for (const { groups } of this.#samples.splice(0)) {
      const samples = groups.flatMap(({ worker, start }) => {
        const process = this.#processOf(worker, start);
        return process === undefined ? [] : [{ worker, start, bytes: this.memoryOf(process) }];
      });
      this.feed({ type: 'memory-sampled', samples, seconds: 0.001 });
    }
  }

  /** One turn of the loop: what was asked for is told, then a tick if one is due. */
  loop(): void {
    for (const { worker, start } of this.#checks.splice(0)) {
      const left = this.#groups.get(`${worker}/${start}`) ?? 0;
      this.#groups.set(`${worker}/${start}`, left - 1);
      this.feed({ type: 'group-checked', worker, start, alive: left > 0 });
    }
    for (const effect of this.#pending.splice(0)) this.#spawn(effect);
    for (; this.#loads > 0; this.#loads -= 1) this.#load();
    if (isDue(this.world.state, this.world.now, this.world.policy)) this.feed({ type: 'tick' });
  }

  /** A process ends. */
  end(process: Process | undefined, exitCode: number, leftover: number): void {
    if (process === undefined || !this.alive.delete(process.pid)) return;
    const { worker, start } = process;
    this.exits.push({ worker, start });
    this.#groups.set(`${worker}/${start}`, leftover);
    const signal = exitCode < 0 ? 'SIGKILL' : null;
    const how = { exitCode, signal, groupAlive: leftover > 0, oomKills: null, random: 0 };
    this.feed({ type: 'exited', worker, start, ...how });
    // told once, and at once
    const told = this.world.eventsOf('worker-exited');
    expect(told).toHaveLength(this.exits.length);
    expect(told.at(-1)).toMatchObject({ worker, start });
  }

  /** Those who were asked to, end. */
  obey(): void {
    for (const process of [...this.alive.values()]) if (process.wasAsked) this.end(process, 0, 0);
  }

  /** Turns of the loop, in which whoever is asked ends, until nothing is pending. */
  calmDown(): void {
    for (let turn = 0; turn < 2000; turn += 1) {
      this.obey();
      this.loop();
      const { state, now, policy } = this.world;
      const deadline = nextDeadline(state, policy);
      const isQuiet = this.#pending.length + this.#checks.length + this.#loads === 0;
      const isObeyed = [...this.alive.values()].every(({ wasAsked }) => !wasAsked);
      if (deadline === null && isQuiet && isObeyed) return;
      if (deadline !== null && Number.isFinite(deadline)) this.world.now = Math.max(now, deadline);
    }
    throw new Error('it does not come to rest');
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'spawn':
        this.#pending.push(effect);
        break;
      case 'check-group':
        this.#checks.push(effect);
        break;
      case 'kill': {
        const process = this.alive.get(effect.pid);
        if (process === undefined) break;
        expect(process.worker).toBe(effect.worker);
        if (effect.signal === 'SIGTERM') process.wasAsked = true;
        if (effect.signal === 'SIGKILL') this.end(process, -9, 0);
        break;
      }
      case 'probe':
        this.#begin(effect);
        break;
      case 'cancel-probe':
        expect(this.#probes.delete(keyOf(effect))).toBe(true);
        break;
      case 'sample-memory':
        expect(this.#samples).toEqual([]);
        this.#samples.push(effect);
        break;
      case 'load':
        this.#loads += 1;
        break;
      case 'answer':
        expect(this.answers.has(effect.id)).toBe(false);
        this.answers.set(effect.id, effect.result);
        break;
    }
  }

  /** One at a time of each kind, of a process that runs and was not asked to stop. */
  #begin(probe: Probe): void {
    const key = keyOf(probe);
    expect(this.#probes.has(key)).toBe(false);
    expect(this.#processOf(probe.worker, probe.start)).toMatchObject({ wasAsked: false });
    const slot = ownerOf(this.world.state, probe.worker, probe.start);
    expect(slot?.state.name).toBe('running');
    this.#probes.set(key, probe);
    expect(this.#probes.size).toBeLessThanOrEqual(MOST_PROBES);
  }

  #processOf(worker: number, start: number): Process | undefined {
    return [...this.alive.values()].find(
      (process) => process.worker === worker && process.start === start,
    );
  }

  #spawn({ worker, start, template }: Effect & { type: 'spawn' }): void {
    if (this.#outcomes[this.#turn++ % this.#outcomes.length] !== true) {
      const failure = { code: 'EAGAIN', message: 'try again', exitStatus: null };
      this.feed({ type: 'spawn-failed', worker, start, failure, random: 0 });
      return;
    }
    const pid = this.#nextPid++;
    this.alive.set(pid, { worker, start, pid, template, leftover: 0, wasAsked: false });
    this.feed({ type: 'spawned', worker, start, pid, random: 0 });
  }

  #load(): void {
    const { state } = this.world;
    const workers = this.file.workers as number;
    if (state.phase.name !== 'stopping' && state.phase.name !== 'stopped') {
      this.world.policy = this.file;
    }
    const what = { source: 'file', countFrom: null, changed: [], kept: [], masked: [] };
    this.feed({
      type: 'loaded',
      result: { type: 'configuration', workers, count: workers, ...what },
    });
  }

  /** What must hold after every step. */
  #check(): void {
    const { state, policy } = this.world;
    const wanted = state.slots.filter(
      (slot) => isWanted(state, slot) && ['running', 'stopping'].includes(slot.state.name),
    );
    const { maxSurge } = policy.rollout;
    expect(state.predecessors.length).toBeLessThanOrEqual(maxSurge);
    expect(wanted.length + state.predecessors.length).toBeLessThanOrEqual(state.desired + maxSurge);
    expect(state.slots.map((slot) => slot.index)).toEqual([...state.slots.keys()]);
    for (const { worker, start, pid } of this.alive.values()) {
      const owners = [...state.slots, ...state.predecessors].filter(
        (slot) => 'pid' in slot.state && slot.state.pid === pid,
      );
      expect(owners).toHaveLength(1);
      expect(owners[0]).toMatchObject({ index: worker, state: { start } });
    }
  }
}

function keyOf({ worker, start, probe }: Pick<Probe, 'worker' | 'start' | 'probe'>): string {
  return `${worker}/${start}/${probe}`;
}
