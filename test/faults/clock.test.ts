// Somebody sets the machine's clock: nothing but the times that are shown follows it.
import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { StalledPipe } from '../helpers/pipes.ts';
import { isRunning } from '../helpers/processes.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

test.each([
  ['-1h', -HOUR],
  ['+1d', DAY],
])('set by %s, delays, probes, the grace and the metrics go on', async (offset, seconds) => {
  const clock = new FakeClock();
  const supervisor = Supervisor.start(
    {
      workers: 2,
      command: ['sh', '-c', 'trap "" TERM; echo ready $$$$; sleep 1000 & wait; wait'],
      reloadDelay: 0,
      restart: { backoff: { initialSeconds: 0.5, factor: 1, jitter: 0 } },
      livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, failureThreshold: 1 },
      stop: { order: 'parallel', gracePeriodSeconds: 1 },
    },
    { env: clock.env },
  );
  await supervisor.ready(2);
  const probes = 'supervisor_worker_probe_total{worker="1",probe="liveness",result="successful"}';
  const probed = async (): Promise<number> => (await supervisor.metrics()).get(probes) ?? 0;
  await eventually(async () => {
    expect(await probed()).toBeGreaterThan(0);
  });

  const begun = performance.now();
  clock.set(offset);
  const before = await probed();
  // the first one that dies after a while is replaced at once, so that the next two show the delay
  for (const count of [3, 4, 5]) {
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(count);
  }
  await eventually(async () => {
    expect(await probed()).toBeGreaterThan(before + 1);
  });
  expect((await supervisor.get('/livez')).status).toBe(200);

  const metrics = await supervisor.metrics();
  const passed = (performance.now() - begun) / 1000;
  expect(metrics.get('supervisor_restart_delay_seconds_count')).toBe(3);
  const delays = metrics.get('supervisor_restart_delay_seconds_sum') ?? NaN;
  expect(delays).toBeGreaterThan(0.9);
  expect(delays).toBeLessThan(passed);
  const lifetimes = metrics.get('supervisor_worker_lifetime_seconds_sum') ?? NaN;
  expect(lifetimes).toBeGreaterThan(0);
  expect(lifetimes).toBeLessThan(60);

  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.linesLike(/unhealthy|probe failed/i)).toEqual([]);
  const [first, last] = [supervisor.log[0], supervisor.log.at(-1)];
  const shown = (Date.parse(last?.time ?? '') - Date.parse(first?.time ?? '')) / 1000;
  expect(shown - seconds).toBeGreaterThan(0);
  expect(shown - seconds).toBeLessThan(60);
});

test('set back while the last lines wait for a reader, the end does not wait for an hour', async () => {
  const clock = new FakeClock();
  const pipe = new StalledPipe(workspace(), 'err');
  const config = {
    // the log gets longer than a pipe
    workers: 300,
    command: ['true'],
    restart: { policy: 'Never' },
    metrics: { enabled: false },
  };
  const cwd = workspace({ 'supervisor.config.json': config });
  const supervisor = new Supervisor(cwd, {
    prefix: ['sh', '-c', `exec "$@" 2>"$ERR"`, 'sh'],
    env: { ...clock.env, ERR: pipe.path },
  });
  // backwards faster than it goes on, until it ends
  let hours = 0;
  await eventually(() => {
    clock.set(`-${(hours += 1)}h`);
    expect(isRunning(supervisor.pid)).toBe(false);
  });
  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
});
