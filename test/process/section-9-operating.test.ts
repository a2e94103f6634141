import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { MountedConfigMap, Operated } from '../helpers/config-file.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { environmentOf, isRunning } from '../helpers/processes.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import type { LogLine } from '../helpers/supervisor.ts';

interface Status {
  readonly desired: number;
  readonly ready: number;
  readonly workers: readonly {
    readonly index: number;
    readonly state: string;
    readonly ready: boolean;
    readonly pid: number | null;
    readonly starts: number;
  }[];
}

async function status(supervisor: Supervisor): Promise<Status> {
  return JSON.parse((await supervisor.get('/status')).body) as Status;
}

/** Waits until just these workers run; returns their pids. */
async function running(supervisor: Supervisor, count: number): Promise<readonly number[]> {
  return eventually(async () => {
    const { workers, desired } = await status(supervisor);
    expect(workers.map(({ index, state }) => [index, state])).toEqual(
      Array.from({ length: count }, (_, index) => [index, 'running']),
    );
    expect(desired).toBe(count);
    return workers.map(({ pid }) => pid ?? 0);
  });
}

describe('scaling by signals', () => {
  test('SIGTTIN 2 to 3, SIGTTOU 3 to 2 to 1 to 1', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker(), reloadDelay: 0 });
    const [first] = await running(supervisor, 2);
    supervisor.kill('SIGTTIN');
    await running(supervisor, 3);
    supervisor.kill('SIGTTOU');
    await running(supervisor, 2);
    supervisor.kill('SIGTTOU');
    await running(supervisor, 1);
    supervisor.kill('SIGTTOU');
    await supervisor.logged(/^Received SIGTTOU/, 3);
    expect(await running(supervisor, 1)).toEqual([first]);
    expect(supervisor.linesLike(/^Scaling/)).toMatchObject([
      { msg: 'Scaling from 2 to 3 workers', from: 2, to: 3 },
      { msg: 'Scaling from 3 to 2 workers' },
      { msg: 'Scaling from 2 to 1 workers' },
    ]);
    expect(supervisor.linesLike(/^Received/).at(-1)).toMatchObject({ action: 'none' });
  });

  test('down from the highest index, each when the one before it is gone, without an error', async () => {
    const command = worker('--stop-takes=50');
    const supervisor = new Operated({ workers: 4, command, reloadDelay: 0 });
    await supervisor.ready(4);
    supervisor.reload({ workers: 1 });
    await supervisor.logged(/exited/, 3);
    const story = supervisor
      .linesLike(/^Stopping child|exited/)
      .map(({ msg, worker: index }) => [msg.split(' ')[0], index]);
    expect(story).toEqual([
      ['Stopping', 3],
      ['Worker', 3],
      ['Stopping', 2],
      ['Worker', 2],
      ['Stopping', 1],
      ['Worker', 1],
    ]);
    expect(supervisor.linesLike(/exited/)).toMatchObject(
      [3, 2, 1].map((index) => ({ level: 'info', worker: index, reason: 'stopped' })),
    );
    await running(supervisor, 1);
  });

  test('2 to 4 to 2 to 4: indices are used again, their starts go on, their gauges come and go', async () => {
    const supervisor = new Operated({ workers: 2, command: worker(), reloadDelay: 0 });
    const kept = await running(supervisor, 2);
    supervisor.reload({ workers: 4 });
    await running(supervisor, 4);
    supervisor.reload({ workers: 2 });
    await running(supervisor, 2);
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_starts_total{worker="3"}')).toBe(1);
    expect(metrics.has('supervisor_worker_state{worker="3",state="stopped"}')).toBe(false);
    expect(metrics.get('supervisor_workers_desired')).toBe(2);
    supervisor.reload({ workers: 4 });
    const pids = await running(supervisor, 4);
    expect(pids.slice(0, 2)).toEqual(kept);
    const { workers } = await status(supervisor);
    expect(workers.map(({ starts }) => starts)).toEqual([1, 1, 2, 2]);
    const again = await supervisor.metrics();
    expect(again.get('supervisor_worker_starts_total{worker="3"}')).toBe(2);
    expect(again.get('supervisor_worker_restarts_total{worker="3",reason="rollout"}')).toBe(0);
  });

  test('0 idles until it is scaled', async () => {
    const supervisor = new Operated({ workers: 1, command: worker(), reloadDelay: 0 });
    await running(supervisor, 1);
    supervisor.reload({ workers: 0 });
    await running(supervisor, 0);
    expect((await supervisor.get('/readyz')).status).toBe(200);
    supervisor.kill('SIGTTOU');
    await supervisor.logged(/^Received SIGTTOU/);
    supervisor.kill('SIGTTIN');
    await running(supervisor, 1);
    expect((await supervisor.stop()).code).toBe(0);
  });

  test('a worker that waits for its start waits no more', async () => {
    const command = worker('--exit=1', '--only=1');
    const supervisor = new Operated({ workers: 2, command, reloadDelay: 0.2 });
    await supervisor.logged(/exited with code 1/, 1);
    supervisor.reload({ workers: 1 });
    await running(supervisor, 1);
    const starts = supervisor.linesLike(/^Started child/).length;
    supervisor.reload({ workers: 1 });
    await supervisor.logged(/nothing has changed/);
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(starts);
  });

  test('a scale-up past what portBase allows is refused', async () => {
    const supervisor = Supervisor.start({ workers: 1, command: worker(), portBase: 65535 });
    await supervisor.ready(1);
    supervisor.kill('SIGTTIN');
    const [line] = await supervisor.logged(/^Refused/);
    expect(line).toMatchObject({
      level: 'warn',
      msg: 'Refused: expected at most 1 workers (portBase is 65535), found 2',
    });
    await running(supervisor, 1);
  });
});

describe('reload', () => {
  test('a changed count alone touches no running worker', async () => {
    const supervisor = new Operated({ workers: 2, command: worker(), reloadDelay: 0 });
    const before = await running(supervisor, 2);
    supervisor.reload({ workers: 4 });
    expect((await running(supervisor, 4)).slice(0, 2)).toEqual(before);
    expect(supervisor.linesLike(/^Reloaded/)).toMatchObject([
      { level: 'info', msg: 'Reloaded supervisor.config.json: changed /workers' },
    ]);
  });

  test.each([
    ['command', { command: worker('--ignore=SIGUSR1') }],
    ['args', { args: ['--ignore=SIGUSR1'] }],
    ['env', { env: { COLOUR: 'blue' } }],
    ['portBase', { portBase: 20_000 }],
    ['workingDir', { workingDir: '/tmp' }],
  ])('a changed %s replaces the workers, one at a time', async (key, changes) => {
    const supervisor = new Operated({ workers: 3, command: worker(), reloadDelay: 0 });
    const before = await running(supervisor, 3);
    supervisor.reload(changes);
    await supervisor.logged(/^Rolling restart: finished/);
    const after = await running(supervisor, 3);
    for (const pid of before) expect(after).not.toContain(pid);
    const story = supervisor.log.slice(
      supervisor.messages().findIndex((m) => m.includes('Rolling')),
    );
    expect(story.map(nameOf).filter((name) => name !== null)).toEqual(
      [0, 1, 2].flatMap((index) => [`stop ${index}`, `exit ${index}`, `start ${index}`]),
    );
    expect(supervisor.linesLike(/^Reloaded/)[0]?.msg).toContain(`/${key}`);
    expect(supervisor.linesLike(/exited/)).toMatchObject(
      [0, 1, 2].map(() => ({ level: 'info', reason: 'rollout' })),
    );
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_restarts_total{worker="1",reason="rollout"}')).toBe(1);
    expect(
      metrics.get(
        'supervisor_worker_exits_total{worker="1",code="143",signal="SIGTERM",reason="rollout"}',
      ),
    ).toBe(1);
  });

  test('the new environment is what the workers have', async () => {
    const command = ['sh', '-c', 'echo "colour $COLOUR"; exec sleep 1000'];
    const supervisor = new Operated({ workers: 2, command, env: { COLOUR: 'red' } });
    await eventually(() => {
      expect(supervisor.stdout.match(/colour red/g)).toHaveLength(2);
    });
    supervisor.reload({ env: { COLOUR: 'blue' } });
    await eventually(() => {
      expect(supervisor.stdout.match(/colour blue/g)).toHaveLength(2);
    });
  });

  test('a file with problems changes nothing; every problem is logged', async () => {
    const supervisor = new Operated({ workers: 2, command: worker() });
    const before = await running(supervisor, 2);
    supervisor.write('{ "workers": "two", "command": [], "colour": 1 }');
    supervisor.kill('SIGHUP');
    const [line] = await supervisor.logged(/^Reloading/);
    expect(line).toMatchObject({ level: 'error', problems: 3 });
    expect(line?.msg).toContain('/workers: expected an integer');
    expect(line?.msg).toContain('/command');
    expect(line?.msg).toContain('/colour');
    expect(await running(supervisor, 2)).toEqual(before);
    supervisor.write('{');
    supervisor.kill('SIGHUP');
    await supervisor.logged(/valid JSON/);
    supervisor.reload();
    await supervisor.logged(/nothing has changed/);
    expect(await running(supervisor, 2)).toEqual(before);
  });

  test('what cannot change is named and kept', async () => {
    const supervisor = new Operated({ workers: 1, command: worker() });
    const [pid] = await running(supervisor, 1);
    supervisor.reload({ metrics: { port: 1, page: true }, log: { level: 'error' }, workers: 2 });
    const [line] = await supervisor.logged(/^Reloaded/);
    expect(line).toMatchObject({
      level: 'warn',
      changed: '/workers',
      kept: '/metrics/port, /log/level',
    });
    expect((await running(supervisor, 2))[0]).toBe(pid);
  });

  test('what is kept may not contradict what is new', async () => {
    const port = await freePorts(1);
    const metrics = { port };
    const supervisor = new Operated({ workers: 1, command: worker(), metrics });
    await supervisor.ready(1);
    supervisor.reload({ workers: 2, metrics: { port: 1 }, portBase: port });
    const [line] = await supervisor.logged(/^Reloading/);
    expect(line?.msg).toContain(
      `/portBase: expected 2 ports without metrics.port, which is ${port}`,
    );
  });

  test('policies apply from the next decision', async () => {
    const supervisor = new Operated({
      workers: 1,
      command: worker('--stop-exit=7'),
      restart: { policy: 'Always' },
      reloadDelay: 0,
    });
    const [pid] = await supervisor.ready(1);
    supervisor.reload({ restart: { policy: 'Never' }, minReady: 0, stop: { signal: 'SIGINT' } });
    await supervisor.logged(/^Reloaded/);
    process.kill(pid ?? 0, 'SIGTERM');
    expect((await supervisor.ended).code).toBe(7);
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(1);
  });

  test('a signal may get another meaning, and one that had none gets one', async () => {
    const supervisor = new Operated({ workers: 2, command: worker(), reloadDelay: 0 });
    const before = await running(supervisor, 2);
    supervisor.reload({ signals: { SIGUSR1: 'restart', SIGALRM: 'scale-up' } });
    await supervisor.logged(/^Reloaded/);
    supervisor.kill('SIGUSR1');
    await supervisor.logged(/^Rolling restart: finished/);
    for (const pid of await running(supervisor, 2)) expect(before).not.toContain(pid);
    supervisor.kill('SIGALRM');
    await running(supervisor, 3);
  });

  test('what a flag masks is said, and holds', async () => {
    const supervisor = new Operated(
      { workers: 1, command: worker() },
      { args: ['--workers', '2'] },
    );
    await running(supervisor, 2);
    supervisor.reload({ workers: 5 });
    const [line] = await supervisor.logged(/does not apply/);
    expect(line).toMatchObject({
      level: 'warn',
      msg: 'supervisor.config.json: /workers: 5 does not apply, because --workers goes before it',
    });
    await running(supervisor, 2);
    supervisor.reload();
    await supervisor.logged(/^Reloaded/, 2);
    expect(supervisor.linesLike(/does not apply/)).toHaveLength(1);
  });

  test('a scale holds until the value in the file changes', async () => {
    const supervisor = new Operated({ workers: 2, command: worker(), reloadDelay: 0 });
    await running(supervisor, 2);
    supervisor.kill('SIGTTIN');
    await running(supervisor, 3);
    supervisor.reload({ minReady: 2 });
    await supervisor.logged(/^Reloaded/);
    await running(supervisor, 3);
    supervisor.reload({ workers: 1 });
    await running(supervisor, 1);
  });

  test('workers: "auto" follows the container’s CPU limit', async () => {
    const limit = (cpus: number): readonly [Record<string, string>, Record<string, string>] => [
      { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': String(cpus * 100_000) },
      { 'cpu.max': `${cpus * 100_000} 100000` },
    ];
    const cgroup = new Cgroup('cpu', ...limit(2));
    const supervisor = new Operated(
      { workers: 'auto', command: worker(), reloadDelay: 0 },
      { prefix: cgroup.prefix },
    );
    await running(supervisor, 2);
    cgroup.set(...limit(4));
    supervisor.reload();
    await running(supervisor, 4);
    expect(supervisor.linesLike(/^Reloaded/)).toMatchObject([
      { workers: 4, workersFrom: 'a CPU limit of 4' },
    ]);
    await supervisor.destroy();
    await cgroup.remove();
  });

  test('without a file it is a warning', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    await supervisor.ready(1);
    const bare = new Supervisor('/', {
      args: ['--metrics-port', '0', '--', ...worker()],
    });
    const [pid] = await bare.ready(1);
    bare.kill('SIGHUP');
    const [line] = await bare.logged(/no configuration file/);
    expect(line?.level).toBe('warn');
    expect(isRunning(pid ?? 0)).toBe(true);
  });

  test('during a stop it changes nothing', async () => {
    const supervisor = new Operated({ workers: 1, command: worker('--stop-takes=300') });
    await supervisor.ready(1);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Stopping child/);
    supervisor.reload({ workers: 3 });
    expect((await supervisor.ended).code).toBe(0);
    expect(supervisor.linesLike(/^Received SIGHUP/)).toMatchObject([{ action: 'none' }]);
    expect(supervisor.linesLike(/^Reloaded|^Started child/)).toHaveLength(1);
  });
});

describe('rolling restart', () => {
  const restart = { signals: { SIGHUP: 'restart' } };

  test('with maxSurge a replacement is ready before its predecessor is asked to stop', async () => {
    const supervisor = Supervisor.start({
      ...restart,
      workers: 2,
      command: worker(),
      reloadDelay: 0,
      minReadySeconds: 0.3,
      rollout: { maxUnavailable: 0, maxSurge: 1 },
    });
    await eventually(async () => {
      expect(await status(supervisor)).toMatchObject({ ready: 2 });
    });
    const before = await running(supervisor, 2);
    supervisor.kill('SIGHUP');
    await eventually(async () => {
      const { workers, ready } = await status(supervisor);
      expect(workers.map(({ index, pid, ready: is }) => [index, pid === before[0], is])).toEqual([
        [0, true, true],
        [0, false, false],
        [1, false, true],
      ]);
      expect(ready).toBe(2);
    });
    await supervisor.logged(/^Rolling restart: finished/);
    const story = supervisor.log.slice(
      supervisor.messages().findIndex((m) => m.includes('Rolling')),
    );
    expect(story.map(nameOf).filter((name) => name !== null)).toEqual(
      [0, 1].flatMap((index) => [`start ${index}`, `stop ${index}`, `exit ${index}`]),
    );
    for (const pid of await running(supervisor, 2)) expect(before).not.toContain(pid);
  });

  test.each([
    ['with a surge', { maxUnavailable: 0, maxSurge: 1 }],
    ['without one', { maxUnavailable: 1, maxSurge: 0 }],
  ])('a replacement that does not become ready aborts it, %s', async (_, rollout) => {
    const supervisor = new Operated({
      workers: 3,
      command: worker(),
      reloadDelay: 0,
      minReadySeconds: 0.3,
      rollout,
    });
    await eventually(async () => {
      expect(await status(supervisor)).toMatchObject({ ready: 3 });
    });
    const before = await running(supervisor, 3);
    supervisor.reload({ command: worker('--exit=3') });
    const [line] = await supervisor.logged(/^Rolling restart: aborted/);
    expect(line).toMatchObject({
      level: 'error',
      msg: 'Rolling restart: aborted, because worker 0 ended with code 3 before it was ready; the rest (2) stay as they were',
      worker: 0,
      remaining: 2,
    });
    const after = await running(supervisor, 3);
    expect(after.slice(1)).toEqual(before.slice(1));
    if (rollout.maxSurge > 0) expect(after[0]).toBe(before[0]);
    // what it had before is what it has again
    await eventually(async () => {
      expect(await status(supervisor)).toMatchObject({ ready: 3 });
    });
    expect(supervisor.linesLike(/exited with code 3/)).toHaveLength(1);
    // and the next reload tries again what the file says
    supervisor.reload({ command: worker('--ignore=SIGUSR1') });
    await supervisor.logged(/^Rolling restart: finished/);
    for (const pid of await running(supervisor, 3)) expect(before).not.toContain(pid);
  });

  test('a command that is not there aborts it', async () => {
    const supervisor = new Operated({ workers: 2, command: worker(), reloadDelay: 0 });
    const before = await running(supervisor, 2);
    supervisor.reload({ command: ['/no/such/program'] });
    await supervisor.logged(/^Rolling restart: aborted, because worker 0 could not be started/);
    const after = await running(supervisor, 2);
    expect(after[1]).toBe(before[1]);
    expect((await supervisor.stop()).code).toBe(0);
  });

  test('a newer reload takes over', async () => {
    const supervisor = new Operated({
      workers: 3,
      command: worker('--stop-takes=200'),
      reloadDelay: 0,
    });
    await running(supervisor, 3);
    supervisor.reload({ env: { COLOUR: 'red' } });
    await supervisor.logged(/^Rolling restart: started/);
    supervisor.reload({ env: { COLOUR: 'blue' } });
    await supervisor.logged(/^Rolling restart: started/, 2);
    await supervisor.logged(/^Rolling restart: finished/);
    const pids = await running(supervisor, 3);
    expect(supervisor.linesLike(/^Rolling restart: finished/)).toHaveLength(1);
    for (const pid of pids) expect(environmentOf(pid)['COLOUR']).toBe('blue');
  });

  test('a crash in the middle is replaced, and the rest go on', async () => {
    const supervisor = Supervisor.start({
      ...restart,
      workers: 3,
      command: worker('--stop-takes=300'),
      reloadDelay: 0,
    });
    const before = await running(supervisor, 3);
    supervisor.kill('SIGHUP');
    await supervisor.logged(/^Stopping child/);
    process.kill(before[2] ?? 0, 'SIGKILL');
    await supervisor.logged(/^Rolling restart: finished/);
    for (const pid of await running(supervisor, 3)) expect(before).not.toContain(pid);
  });

  test('a stop in the middle ends everything, the predecessor too', async () => {
    const supervisor = Supervisor.start({
      ...restart,
      workers: 2,
      command: worker(),
      reloadDelay: 0,
      minReadySeconds: 60,
      rollout: { maxUnavailable: 0, maxSurge: 1 },
    });
    await supervisor.ready(2);
    supervisor.kill('SIGHUP');
    const pids = await supervisor.ready(3);
    expect((await supervisor.stop()).code).toBe(0);
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
    expect(supervisor.linesLike(/exited/)).toHaveLength(3);
  });

  test('a roll that heals: all workers crash, and the new command does not', async () => {
    const supervisor = new Operated({
      workers: 3,
      command: worker('--exit=1'),
      reloadDelay: 0.05,
      restart: { backoff: { initialSeconds: 100, maxSeconds: 100 } },
    });
    await supervisor.logged(/exited with code 1/, 3);
    supervisor.reload({ command: worker() });
    await running(supervisor, 3);
  });
});

describe('reload.watch', () => {
  test('a changed file applies', async () => {
    const supervisor = new Operated({ command: worker(), reload: { watch: true } });
    await running(supervisor, 1);
    supervisor.change({ workers: 2 });
    await running(supervisor, 2);
  });

  test('a change between its reading and its being watched is not lost', async () => {
    const supervisor = new Operated({ command: worker(), reload: { watch: true } });
    await supervisor.logged(/^Started parent/);
    supervisor.change({ workers: 2 });
    await running(supervisor, 2);
  });

  test('without it a changed file does not', async () => {
    const supervisor = new Operated({ command: worker(), reloadDelay: 0 });
    await running(supervisor, 1);
    supervisor.change({ workers: 3 });
    supervisor.kill('SIGTTIN');
    await running(supervisor, 2);
    expect(supervisor.linesLike(/^Reloaded/)).toHaveLength(0);
  });

  test('a ConfigMap that is swapped a thousand times: each is applied, then the last of a burst', async () => {
    const command = worker();
    const config = (changes: object): Record<string, unknown> => ({
      ...{ command, metrics: { port: 0 }, reload: { watch: true } },
      ...changes,
    });
    const mount = new MountedConfigMap('supervisor.yaml', config({ minReady: 0 }));
    const supervisor = new Supervisor('/', {
      args: ['-c', join(mount.directory, 'supervisor.yaml')],
    });
    const pids = await running(supervisor, 1);
    for (let swap = 1; swap <= 500; swap += 1) {
      mount.update('supervisor.yaml', config({ minReady: swap }));
      await supervisor.logged(/^Reloaded/, swap);
    }
    for (let swap = 1; swap <= 500; swap += 1) {
      mount.update('supervisor.yaml', config({ minReady: 500, workers: 1 + (swap % 4) }));
    }
    mount.update('supervisor.yaml', config({ workers: 3 }));
    const [first] = await running(supervisor, 3);
    expect(first).toBe(pids[0]);
    expect(supervisor.linesLike(/^Reloading/)).toEqual([]);
  }, 180_000);
});

/** A line of a rolling restart in short; null for any other. */
function nameOf({ msg, worker: index }: LogLine): string | null {
  if (msg.startsWith('Stopping child')) return `stop ${index}`;
  if (msg.startsWith('Started child')) return `start ${index}`;
  return msg.includes('exited') ? `exit ${index}` : null;
}
