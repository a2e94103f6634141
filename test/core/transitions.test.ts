import { describe, expect, test } from '@jest/globals';

import { initialHealth } from '../../src/core/health.ts';
import type { Input, InputType } from '../../src/core/input.ts';
import { initialState } from '../../src/core/state.ts';
import { newSlot } from '../../src/core/slots.ts';
import type { Phase, State, WorkerState } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import { POLICY } from './harness.ts';

const NOW = 100;

const PHASES: Readonly<Record<Phase['name'], Phase>> = {
  new: { name: 'new' },
  starting: { name: 'starting' },
  running: { name: 'running' },
  stopping: {
    name: 'stopping',
    cause: { type: 'request' },
    since: 99,
    deadline: 124,
    interrupts: 0,
    exitStatus: 0,
  },
  stopped: { name: 'stopped', exitStatus: 0 },
};

/** A slot that has been started twice, or is being started for the third time. */
const WORKERS: Readonly<Record<string, WorkerState>> = {
  stopped: { name: 'stopped', because: 'stop' },
  completed: { name: 'stopped', because: 'completed' },
  new: { name: 'stopped', because: 'new' },
  starting: { name: 'starting', since: 98 },
  running: {
    name: 'running',
    pid: 100,
    since: 98,
    start: 2,
    ready: true,
    health: initialHealth(0, 98, POLICY),
  },
  backoff: { name: 'backoff', since: 98, dueAt: 98 },
  asked: {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'stop',
    ending: { phase: 'asked', killAt: 109, killCause: 'grace period' },
    next: null,
  },
  'making room': {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'rollout',
    ending: { phase: 'asked', killAt: 109, killCause: 'grace period' },
    next: null,
  },
  unhealthy: {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'unhealthy',
    ending: { phase: 'asked', killAt: 109, killCause: 'grace period' },
    next: null,
  },
  scaled: { name: 'stopped', because: 'scaled' },
  killed: {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'stop',
    ending: { phase: 'killed', abandonAt: 101 },
    next: null,
  },
  orphaned: {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'stop',
    ending: { phase: 'orphaned', killMode: 'mixed' },
    next: null,
  },
  'group asked': {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'stop',
    ending: {
      phase: 'group-asked',
      killAt: 109,
      killCause: 'grace period',
      checkAt: 100,
      checkInterval: 0.01,
    },
    next: null,
  },
  'group killed': {
    name: 'stopping',
    pid: 100,
    since: 90,
    start: 2,
    purpose: 'stop',
    ending: { phase: 'group-killed', abandonAt: 101, checkAt: 100, checkInterval: 0.01 },
    next: null,
  },
};

const gone = { groupAlive: false, oomKills: null, random: 0 };

const INPUTS: Readonly<Record<string, Input>> = {
  start: { type: 'start', workers: 1, workersFrom: null, pid: 1, oomKills: 0 },
  spawned: { type: 'spawned', worker: 0, start: 3, pid: 101, random: 0 },
  'spawned (stale)': { type: 'spawned', worker: 0, start: 2, pid: 101, random: 0 },
  'spawn-failed': {
    type: 'spawn-failed',
    worker: 0,
    start: 3,
    failure: { code: 'EAGAIN', message: 'try again', exitStatus: null },
    random: 0,
  },
  exited: { type: 'exited', worker: 0, start: 2, exitCode: 1, signal: null, ...gone },
  'exited (stale)': { type: 'exited', worker: 0, start: 1, exitCode: 1, signal: null, ...gone },
  'exited (no such slot)': {
    type: 'exited',
    worker: 7,
    start: 1,
    exitCode: 1,
    signal: null,
    ...gone,
  },
  'exited (group alive)': {
    type: 'exited',
    worker: 0,
    start: 2,
    exitCode: 1,
    signal: null,
    groupAlive: true,
    oomKills: null,
    random: 0,
  },
  'group-checked': { type: 'group-checked', worker: 0, start: 2, alive: false },
  'group-checked (stale)': { type: 'group-checked', worker: 0, start: 1, alive: false },
  'orphans-reaped': { type: 'orphans-reaped', count: 3 },
  notice: { type: 'notice', message: 'no koffi' },
  SIGUSR1: { type: 'signal', signal: 'SIGUSR1', hungUp: false },
  'kill-failed': { type: 'kill-failed', worker: 0, pid: 100, signal: 'SIGTERM', message: 'EPERM' },
  SIGTERM: { type: 'signal', signal: 'SIGTERM', hungUp: false },
  stop: { type: 'stop', cause: { type: 'request' } },
  scale: { type: 'operation', id: 1, operation: { type: 'scale', workers: 3 }, wait: true },
  'scale down': { type: 'operation', id: 1, operation: { type: 'scale', workers: 0 }, wait: true },
  restart: { type: 'operation', id: 1, operation: { type: 'restart', worker: 0 }, wait: true },
  reload: { type: 'operation', id: 1, operation: { type: 'reload' }, wait: false },
  'stop (operator)': { type: 'operation', id: 1, operation: { type: 'stop' }, wait: true },
  'file-changed': { type: 'file-changed' },
  loaded: { type: 'loaded', result: { type: 'none' } },
  'probed (late)': {
    type: 'probed',
    worker: 0,
    start: 2,
    probe: 'liveness',
    attempt: 1,
    result: 'failed',
    message: 'connection refused',
  },
  ready: { type: 'notified', worker: 0, start: 2, ready: true },
  'ready (stale)': { type: 'notified', worker: 0, start: 1, ready: true },
  'memory-sampled': {
    type: 'memory-sampled',
    samples: [{ worker: 0, start: 2, bytes: 1000 }],
    seconds: 0.001,
  },
  sweep: { type: 'sweep' },
  tick: { type: 'tick' },
};

/** The states in which an input may come; in any other it is ignored. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  spawned: ['starting'],
  'spawned (stale)': [],
  'spawn-failed': ['starting'],
  exited: ['running', 'asked', 'making room', 'unhealthy', 'killed'],
  'exited (group alive)': ['running', 'asked', 'making room', 'unhealthy', 'killed'],
  'exited (stale)': [],
  'exited (no such slot)': [],
};

function stateOf(phase: Phase, worker: WorkerState): State {
  return {
    ...initialState,
    pid: 1,
    phase,
    desired: 1,
    slots: [{ ...newSlot(0, initialState.template), starts: 2, wasReady: true, state: worker }],
    pass: { name: 'closed', endedAt: 0 },
  };
}

const rows = Object.keys(PHASES).flatMap((phase) =>
  Object.keys(WORKERS).flatMap((worker) =>
    Object.keys(INPUTS).map((input) => [phase, worker, input] as const),
  ),
);

describe('every state with every input', () => {
  test.each(rows)('%s, worker %s: %s', (phase, worker, name) => {
    const state = stateOf(PHASES[phase as Phase['name']], WORKERS[worker]!);
    const input = INPUTS[name]!;
    const before = structuredClone(state);
    const outcome = step(state, input, NOW, POLICY);

    expect(state).toEqual(before);
    const allowed = ALLOWED[name];
    if (allowed !== undefined && !allowed.includes(worker)) {
      expect(outcome.state).toBe(state);
      expect(outcome.effects).toEqual([]);
      expect(outcome.events).toMatchObject([{ type: 'input-ignored', input: input.type }]);
    } else if (allowed !== undefined) {
      expect(outcome.state).not.toEqual(state);
      expect(outcome.events.map((event) => event.type)).not.toContain('input-ignored');
    }
    if (phase === 'stopping' || phase === 'stopped') {
      expect(outcome.effects.map((effect) => effect.type)).not.toContain('spawn');
    }
  });

  const isLate = (worker: string, input: string): boolean =>
    input === 'group-checked (stale)' ||
    (input === 'group-checked' && !['orphaned', 'group asked', 'group killed'].includes(worker));

  test.each(rows.filter(([, worker, input]) => isLate(worker, input)))(
    '%s, worker %s: a late %s changes nothing and is not told',
    (phase, worker, name) => {
      const state = stateOf(PHASES[phase as Phase['name']], WORKERS[worker]!);
      const outcome = step(state, INPUTS[name]!, NOW, POLICY);
      expect(outcome).toEqual({ state, effects: [], events: [] });
    },
  );

  test.each(rows.filter(([, , input]) => input !== 'tick' && input !== 'sweep'))(
    '%s, worker %s: %s causes nothing but records what was observed',
    (phase, worker, name) => {
      const state = stateOf(PHASES[phase as Phase['name']], WORKERS[worker]!);
      expect(step(state, INPUTS[name]!, NOW, POLICY).effects).toEqual([]);
    },
  );

  test.each(rows)('%s, worker %s: after %s, a second tick yields nothing', (...row) => {
    const [phase, worker, name] = row;
    const state = stateOf(PHASES[phase as Phase['name']], WORKERS[worker]!);
    const first = step(step(state, INPUTS[name]!, NOW, POLICY).state, tick, NOW, POLICY);
    const second = step(first.state, tick, NOW, POLICY);
    expect(second).toEqual({ state: first.state, effects: [], events: [] });
  });

  test.each(rows.filter(([, , input]) => input === 'sweep'))(
    '%s, worker %s: a %s does what a tick does, but starts nothing',
    (phase, worker) => {
      const state = stateOf(PHASES[phase as Phase['name']], WORKERS[worker]!);
      const swept = step(state, { type: 'sweep' }, NOW, POLICY);
      const ticked = step(state, tick, NOW, POLICY);
      expect(swept.effects.map((effect) => effect.type)).not.toContain('spawn');
      expect(ticked.effects.filter((effect) => effect.type !== 'spawn')).toEqual(swept.effects);
    },
  );

  test('the table knows every type of input', () => {
    const types = new Set<InputType>(Object.values(INPUTS).map((input) => input.type));
    expect([...types].sort()).toEqual([
      'exited',
      'file-changed',
      'group-checked',
      'kill-failed',
      'loaded',
      'memory-sampled',
      'notice',
      'notified',
      'operation',
      'orphans-reaped',
      'probed',
      'signal',
      'spawn-failed',
      'spawned',
      'start',
      'stop',
      'sweep',
      'tick',
    ]);
  });
});

const tick: Input = { type: 'tick' };
