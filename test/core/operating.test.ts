import { describe, expect, test } from '@jest/globals';

import type { Policy } from '../../src/core/policy.ts';
import { limitOf } from '../../src/core/scale.ts';
import { POLICY, World } from './harness.ts';

const SURGE = { maxUnavailable: 0, maxSurge: 1 };

class Operated extends World {
  constructor(policy: Partial<Policy> = {}, workers = 3) {
    super({ ...POLICY, reloadDelay: 0, ...policy, workers });
    this.start(workers);
    this.advance(this.policy.minReadySeconds);
  }

  /** The file has another content, which is read at once. */
  reload(changes: Partial<Policy>): this {
    this.policy = { ...this.policy, ...changes };
    this.feed({ type: 'file-changed' });
    this.settle();
    const workers = this.policy.workers as number;
    const nothing = { countFrom: null, changed: [], kept: [], masked: [] };
    this.feed({
      type: 'loaded',
      result: { type: 'configuration', source: 'file', workers, count: workers, ...nothing },
    });
    return this.settle();
  }

  restart(worker: number | null = null): this {
    this.feed({ type: 'operation', id: 1, operation: { type: 'restart', worker }, wait: true });
    return this.settle();
  }

  scale(workers: number): this {
    this.feed({ type: 'operation', id: 2, operation: { type: 'scale', workers }, wait: true });
    return this.settle();
  }

  commands(): readonly unknown[] {
    return this.state.slots.map(({ template }) => template.command);
  }

  /** The process of this start ends after its SIGTERM. */
  obeys(worker: number, start: number): this {
    return this.exit(worker, -15, 'SIGTERM', { start }).settle();
  }

  answers(): readonly unknown[] {
    return this.effects.flatMap((effect) => (effect.type === 'answer' ? [effect.result] : []));
  }
}

describe('a rolling restart', () => {
  test('takes one worker at a time, in index order', () => {
    const world = new Operated().restart();
    expect(world.kills()).toEqual([[0, 'SIGTERM', 0]]);
    world.obeys(0, 1);
    expect(world.kills()).toEqual([
      [0, 'SIGTERM', 0],
      [1, 'SIGTERM', 0],
    ]);
    world.obeys(1, 1).obeys(2, 1);
    expect(world.spawns().slice(3)).toEqual([
      [0, 2, 0],
      [1, 2, 0],
      [2, 2, 0],
    ]);
    expect(world.answers()).toEqual([{ outcome: 'done', message: 'restarted 3 workers' }]);
    expect(world.eventsOf('worker-exited').map(({ exit }) => exit.reason)).toEqual(
      Array(3).fill('rollout'),
    );
  });

  test('asks no worker before its replacement could be started', () => {
    const world = new Operated({ reloadDelay: 2 }).advance(10).restart().obeys(0, 1);
    expect(world.spawns().at(-1)).toEqual([0, 2, 10]);
    expect(world.kills()).toHaveLength(1);
    world.advance(1.9);
    expect(world.kills()).toHaveLength(1);
    world.advance(0.1);
    expect(world.kills().at(-1)).toEqual([1, 'SIGTERM', 12]);
    world.obeys(1, 1);
    expect(world.spawns().at(-1)).toEqual([1, 2, 12]);
  });

  test('the next follows when the replacement is ready', () => {
    const world = new Operated({ minReadySeconds: 5 }).restart().obeys(0, 1);
    world.advance(4.9);
    expect(world.kills()).toHaveLength(1);
    world.advance(0.1);
    expect(world.kills().at(-1)).toEqual([1, 'SIGTERM', 10]);
  });

  test('takes who is down first, and no healthy one while somebody is missing', () => {
    const world = new Operated({ minReadySeconds: 5 });
    world.exit(2, 1).settle();
    world.restart();
    // the one that has just been started again is not ready: it costs nothing
    expect(world.kills().map(([worker]) => worker)).toEqual([2]);
    world.obeys(2, 2).advance(4.9);
    expect(world.kills()).toHaveLength(1);
    world.advance(0.1);
    expect(world.kills().at(-1)).toEqual([0, 'SIGTERM', 10]);
  });

  test('a crash elsewhere holds it up', () => {
    const world = new Operated({ minReadySeconds: 5 }).restart().obeys(0, 1);
    world.exit(2, 1).settle();
    world.advance(5);
    // 0 and 2 have become ready at the same time
    expect(world.kills().at(-1)?.[0]).toBe(1);
    world.obeys(1, 1);
    world.exit(0, 1).settle();
    const asked = world.kills().length;
    world.advance(4.9);
    expect(world.kills()).toHaveLength(asked);
  });

  test('those who have completed hold nobody up', () => {
    const restart = { ...POLICY.restart, policy: 'Never' as const };
    const world = new Operated({ restart }, 4).exit(0, 0).exit(3, 1).settle().restart();
    expect(world.kills().map(([worker]) => worker)).toEqual([1]);
    world.obeys(1, 1).obeys(2, 1);
    expect(world.answers()).toEqual([{ outcome: 'done', message: 'restarted 2 workers' }]);
  });

  test('maxUnavailable 2 takes two at a time', () => {
    const world = new Operated({ rollout: { maxUnavailable: 2, maxSurge: 0 } }).restart();
    expect(world.kills().map(([worker]) => worker)).toEqual([0, 1]);
  });

  test('with a surge the predecessor goes when its replacement is ready', () => {
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5 }, 2).restart();
    expect(world.spawns().at(-1)).toEqual([0, 2, 5]);
    expect(world.kills()).toEqual([]);
    world.advance(5);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 10]]);
    expect(world.spawns()).toHaveLength(3);
    world.obeys(0, 1);
    expect(world.spawns().at(-1)).toEqual([1, 2, 10]);
    world.advance(5).obeys(1, 1);
    expect(world.answers()).toMatchObject([{ outcome: 'done' }]);
  });

  test('with a surge a failed replacement leaves its predecessor alone', () => {
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5 }, 2).restart();
    world.exit(0, 7, null, { start: 2 }).settle();
    expect(world.kills()).toEqual([]);
    expect(world.state.predecessors).toEqual([]);
    expect(world.state.slots[0]).toMatchObject({ state: { name: 'running', start: 1 }, starts: 2 });
    expect(world.eventsOf('rollout-aborted')).toMatchObject([{ worker: 0, remaining: 1 }]);
    expect(world.answers()).toEqual([
      { outcome: 'aborted', message: 'worker 0 ended with code 7 before it was ready' },
    ]);
    // the predecessor's own end is told as its own, and the next start has a number of its own
    world.exit(0, 1, null, { start: 1 }).settle();
    expect(world.spawns().at(-1)?.slice(0, 2)).toEqual([0, 3]);
  });

  test('with a surge, a predecessor stays until a replacement that was scaled away and back is ready', () => {
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5 }, 1);
    const operation = { type: 'restart' as const, worker: null };
    world.feed({ type: 'operation', id: 1, operation, wait: false });
    world.feed({ type: 'sweep' });
    expect(world.state.predecessors).toHaveLength(1);
    for (const workers of [0, 1]) {
      const scale = { type: 'scale' as const, workers };
      world.feed({ type: 'operation', id: 2, operation: scale, wait: false });
    }
    world.settle().advance(4.9);
    expect(world.kills()).toEqual([]);
    world.advance(0.1);
    expect(world.kills()).toEqual([[0, 'SIGTERM', 10]]);
  });

  test('with a surge, a predecessor that ends by itself is not missed', () => {
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5 }, 2).restart();
    world.exit(0, 1, null, { start: 1 }).settle();
    expect(world.spawns()).toHaveLength(3);
    world.advance(5);
    expect(world.kills()).toEqual([]);
    expect(world.spawns().at(-1)).toEqual([1, 2, 10]);
  });

  test('a fatal code of a replacement that was never ready aborts the rollout alone', () => {
    const restart = { ...POLICY.restart, fatalExitCodes: [78] };
    const world = new Operated({ restart, minReadySeconds: 5 }).restart().obeys(0, 1);
    world.exit(0, 78).settle();
    expect(world.state.phase.name).toBe('running');
    expect(world.eventsOf('rollout-aborted')).toHaveLength(1);
    world.exit(0, 78, null, { start: 3 }).settle();
    expect(world.state.phase.name).toBe('stopping');
  });
});

describe('a reload', () => {
  test('that is aborted leaves further workers with what the others have', () => {
    const world = new Operated({ minReadySeconds: 5 }).reload({ command: ['new'] }).obeys(0, 1);
    world.exit(0, 1).settle();
    expect(world.state.slots[0]).toMatchObject({ template: { command: ['app'] } });
    world.feed({ type: 'operation', id: 2, operation: { type: 'scale', workers: 4 }, wait: false });
    world.settle();
    expect(world.state.slots.map(({ template }) => template.command)).toEqual(
      Array(4).fill(['app']),
    );
  });

  test('back to what runs ends a rollout', () => {
    const world = new Operated({ minReadySeconds: 5 }).reload({ command: ['new'] });
    expect(world.kills()).toHaveLength(1);
    world
      .reload({ command: ['app'] })
      .obeys(0, 1)
      .advance(5);
    expect(world.state.rollout).toBeNull();
    expect(world.kills()).toHaveLength(1);
    expect(world.state.slots[0]).toMatchObject({ template: { command: ['app'] } });
  });

  test('takes over from one whose replacement is still unproven', () => {
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5 }, 1).reload({
      command: ['new'],
    });
    expect(world.state.predecessors).toHaveLength(1);
    world.reload({ command: ['newer'] });
    // nobody waits for that replacement any more
    expect(world.kills()).toEqual([[0, 'SIGTERM', 5]]);
    world.obeys(0, 2);
    expect(world.state.slots[0]).toMatchObject({ template: { command: ['newer'] } });
    world.advance(5).obeys(0, 1);
    expect(world.state.rollout).toBeNull();
    expect(world.state.slots[0]).toMatchObject({
      template: { command: ['newer'] },
      state: { name: 'running', ready: true },
    });
  });

  test('of the kill mode’s form: a process is ended as what it is, not as what comes after it', () => {
    const world = new Operated({ command: 'exec app' }, 1).reload({ command: ['app'] });
    const targets = world.effects.flatMap((each) => (each.type === 'kill' ? [each.target] : []));
    expect(targets).toEqual(['group']);
  });
});

test('a worker that cannot be killed in a rollout is replaced once it is left behind', () => {
  const world = new Operated().restart(0).advance(60);
  expect(world.eventsOf('worker-abandoned')).toHaveLength(1);
  expect(world.names()).toEqual(['running', 'running', 'running']);
  // its end, should it ever come, is nobody's
  world.exit(0, -9, 'SIGKILL', { start: 1 });
  expect(world.eventsOf('worker-exited')).toEqual([]);
});

test('so is one that was scaled away and is wanted again', () => {
  const world = new Operated().scale(2).scale(3).advance(60);
  expect(world.names()).toEqual(['running', 'running', 'running']);
  expect(world.answers()).toHaveLength(2);
});

test('a reload while one is being read is read again', () => {
  const world = new Operated();
  world.feed({ type: 'file-changed' });
  world.settle();
  world.feed({ type: 'file-changed' });
  world.settle();
  expect(world.effects.filter(({ type }) => type === 'load')).toHaveLength(1);
  world.feed({ type: 'loaded', result: { type: 'invalid', source: 'file', problems: ['half'] } });
  world.settle();
  expect(world.effects.filter(({ type }) => type === 'load')).toHaveLength(2);
});

test('a rollout that is taken over is ended in the log, and what was before both comes back', () => {
  const world = new Operated({ minReadySeconds: 5 }).reload({ command: ['new'] });
  world.reload({ command: ['newer'] }).obeys(0, 1);
  world.exit(0, 1).settle();
  expect(world.eventsOf('rollout-started')).toHaveLength(2);
  expect(world.eventsOf('rollout-superseded')).toHaveLength(1);
  expect(world.eventsOf('rollout-aborted')).toHaveLength(1);
  world.scale(4);
  expect(world.commands()).toEqual(Array(4).fill(['app']));
});

test('the group of a worker that makes room ends as its own kill mode says', () => {
  const world = new Operated({}, 1).reload({ command: 'a shell command' });
  world.exit(0, -15, 'SIGTERM', { groupAlive: true }).settle();
  // an array command is mixed: the rest of its group gets SIGKILL
  expect(world.kills().map(([, signal]) => signal)).toEqual(['SIGTERM', 'SIGKILL']);
});

test('a supervisor that was started with no worker does not end for a command that is missing', () => {
  const world = new Operated({}, 0);
  const operation = { type: 'scale' as const, workers: 1 };
  world.feed({ type: 'operation', id: 1, operation, wait: true });
  world.feed({ type: 'tick' });
  const failure = { code: 'ENOENT', message: 'no app', exitStatus: 127 };
  world.feed({ type: 'spawn-failed', worker: 0, start: 1, failure, random: 0 });
  world.feed({ type: 'sweep' });
  expect(world.state.phase.name).toBe('running');
  expect(world.answers()).toMatchObject([{ outcome: 'aborted' }]);
});

describe('a scale', () => {
  test('that a signal has overtaken is not said to be done', () => {
    const world = new Operated({ minReadySeconds: 5 }, 2).scale(4);
    world.signal('SIGTTOU');
    expect(world.answers()).toEqual([
      { outcome: 'aborted', message: 'it was scaled to 3 workers meanwhile' },
    ]);
  });

  test('that leaves only those who have completed ends the supervisor', () => {
    const backoff = { factor: 2, maxSeconds: 300, initialSeconds: 300, jitter: 0 };
    const restart = { ...POLICY.restart, backoff: { ...backoff, resetAfterSeconds: 600 } };
    const world = new Operated({ restart: { ...restart, policy: 'OnFailure' } }, 2);
    world.exit(0, 0).exit(1, 1).settle();
    world.signal('SIGTTOU');
    expect(world.state.phase).toEqual({ name: 'stopped', exitStatus: 0 });
  });

  test('down and up while a worker makes room leaves it with what the file says', () => {
    const rollout = { maxUnavailable: 2, maxSurge: 0 };
    const world = new Operated({ rollout }, 2).reload({ command: ['new'] });
    expect(world.names()).toEqual(['stopping', 'stopping']);
    world.signal('SIGTTOU').signal('SIGTTIN');
    world.obeys(1, 1).obeys(0, 1);
    expect(world.commands()).toEqual([['new'], ['new']]);
  });

  test('up of one that was on its way out while a rollout passed it by replaces it too', () => {
    const world = new Operated({ minReadySeconds: 5 }, 4).scale(1);
    expect(world.kills().map(([worker]) => worker)).toEqual([3]);
    world.reload({ command: ['new'] }).scale(4);
    world.obeys(3, 1).advance(5);
    for (const worker of [0, 1, 2]) world.obeys(worker, 1).advance(5);
    expect(world.commands()).toEqual(Array(4).fill(['new']));
  });
});

describe('a scale-down', () => {
  test('in the middle of a surge takes both processes of the slot', () => {
    const stop = { ...POLICY.stop, order: 'parallel' as const };
    const world = new Operated({ rollout: SURGE, minReadySeconds: 5, stop }, 2).restart(1);
    expect(world.state.predecessors).toHaveLength(1);
    world.feed({ type: 'operation', id: 2, operation: { type: 'scale', workers: 1 }, wait: true });
    world.settle();
    expect(world.kills().map(([worker]) => worker)).toEqual([1, 1]);
    world.obeys(1, 1).obeys(1, 2);
    expect(world.state.predecessors).toEqual([]);
    expect(world.answers()).toEqual([
      { outcome: 'aborted', message: 'it was scaled to 1 workers meanwhile' },
      { outcome: 'done', message: 'scaled from 2 to 1 workers' },
    ]);
  });

  test('that is taken back lets those run that were not asked yet', () => {
    const world = new Operated();
    const scale = (workers: number): void => {
      const operation = { type: 'scale' as const, workers };
      world.feed({ type: 'operation', id: workers, operation, wait: false });
      world.settle();
    };
    scale(1);
    scale(3);
    expect(world.kills()).toEqual([[2, 'SIGTERM', 0]]);
    world.obeys(2, 1);
    expect(world.spawns().at(-1)?.slice(0, 2)).toEqual([2, 2]);
    expect(world.names()).toEqual(['running', 'running', 'running']);
  });
});

test.each<[Partial<Policy>, number]>([
  [{}, 10_000],
  [{ portBase: 65_000 }, 536],
  [{ portBase: 9460 }, 4],
  [{ portBase: 9465 }, 10_000],
  [{ portBase: 9460, metrics: { ...POLICY.metrics, enabled: false } }, 10_000],
  [{ metrics: { ...POLICY.metrics, workers: { port: 8080, path: '/' } } }, 1],
  [{ metrics: { ...POLICY.metrics, workers: { port: '$(PORT)', path: '/' } } }, 10_000],
])('%j allows %i workers', (policy, most) => {
  expect(limitOf({ ...POLICY, ...policy }).most).toBe(most);
});
