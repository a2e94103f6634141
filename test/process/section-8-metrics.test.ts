import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';

test('every series is there from the first start, at zero', async () => {
  const supervisor = Supervisor.start({ workers: 2, command: worker() });
  await supervisor.ready(2);
  const metrics = await supervisor.metrics();
  const own = [...metrics].filter(([name]) => name.startsWith('supervisor_'));
  expect(Object.fromEntries(own)).toEqual({
    [`supervisor_build_info{version="0.1.0",node_version="${process.version}"}`]: 1,
    supervisor_workers_desired: 2,
    supervisor_workers_running: 2,
    supervisor_workers_ready: 2,
    supervisor_orphans_reaped_total: 0,
    ...Object.fromEntries(
      ['0', '1'].flatMap((index) =>
        ['starting', 'running', 'backoff', 'stopping', 'stopped'].map((state) => [
          `supervisor_worker_state{worker="${index}",state="${state}"}`,
          state === 'running' ? 1 : 0,
        ]),
      ),
    ),
    'supervisor_worker_starts_total{worker="0"}': 1,
    'supervisor_worker_starts_total{worker="1"}': 1,
    'supervisor_worker_restarts_total{worker="0",reason="exit"}': 0,
    'supervisor_worker_restarts_total{worker="0",reason="oom"}': 0,
    'supervisor_worker_restarts_total{worker="0",reason="signal"}': 0,
    'supervisor_worker_restarts_total{worker="1",reason="exit"}': 0,
    'supervisor_worker_restarts_total{worker="1",reason="oom"}': 0,
    'supervisor_worker_restarts_total{worker="1",reason="signal"}': 0,
    'supervisor_worker_exits_total{worker="0",code="0",signal="",reason="exit"}': 0,
    'supervisor_worker_exits_total{worker="1",code="0",signal="",reason="exit"}': 0,
  });
  expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test.each([
  ['--exit=0', 'code="0",signal="",reason="exit"', 'exit'],
  ['--exit=7', 'code="7",signal="",reason="exit"', 'exit'],
  ['--die=SIGKILL', 'code="137",signal="SIGKILL",reason="signal"', 'signal'],
  ['--die=SIGABRT', 'code="134",signal="SIGABRT",reason="signal"', 'signal'],
])('%s is counted once by code, signal and reason, and its restart', async (...row) => {
  const [option, labels, reason] = row;
  const supervisor = Supervisor.start({
    workers: 2,
    command: worker(option, '--only=1'),
    reloadDelay: 0.05,
  });
  await supervisor.logged(/exited/, 3);
  await eventually(async () => {
    const metrics = await supervisor.metrics();
    const exits = supervisor.linesLike(/exited/).length;
    const starts = supervisor.linesLike(/^Started child/).length - 1;
    expect(metrics.get(`supervisor_worker_exits_total{worker="1",${labels}}`)).toBe(exits);
    expect(metrics.get('supervisor_worker_starts_total{worker="1"}')).toBe(starts);
    expect(metrics.get(`supervisor_worker_restarts_total{worker="1",reason="${reason}"}`)).toBe(
      starts - 1,
    );
    expect(metrics.get('supervisor_worker_starts_total{worker="0"}')).toBe(1);
  });
});

test('exits during a stop are counted too', async () => {
  const supervisor = Supervisor.start({
    workers: 3,
    command: worker('--stop-takes=300'),
    stop: { gracePeriodSeconds: 20 },
  });
  await supervisor.ready(3);
  process.kill(supervisor.pidOf(2), 'SIGSTOP');
  supervisor.kill('SIGTERM');
  await supervisor.logged(/exited/, 2);
  const metrics = await supervisor.metrics();
  for (const index of [0, 1]) {
    const labels = `worker="${index}",code="0",signal="",reason="stopped"`;
    expect(metrics.get(`supervisor_worker_exits_total{${labels}}`)).toBe(1);
  }
  process.kill(supervisor.pidOf(2), 'SIGCONT');
  expect((await supervisor.ended).code).toBe(0);
});
