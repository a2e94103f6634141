import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { VERSION } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import type { LogLine } from '../helpers/supervisor.ts';

test('every series is there from the first start, at zero', async () => {
  const supervisor = Supervisor.start({ workers: 2, command: worker() });
  await supervisor.ready(2);
  const metrics = await supervisor.metrics();
  const own = [...metrics].filter(
    ([name]) =>
      name.startsWith('supervisor_') &&
      !/_bucket|_worker_(cpu|resident|open|thr|start_t)|_timestamp_/.test(name),
  );
  expect(Object.fromEntries(own)).toEqual({
    [`supervisor_build_info{version="${VERSION}",node_version="${process.version}"}`]: 1,
    supervisor_workers_desired: 2,
    supervisor_workers_running: 2,
    supervisor_workers_ready: 2,
    supervisor_stopping: 0,
    supervisor_config_last_reload_successful: 1,
    supervisor_orphans_reaped_total: 0,
    supervisor_cgroup_oom_kills_total: metrics.get('supervisor_cgroup_oom_kills_total'),
    supervisor_restart_delay_seconds_sum: 0,
    supervisor_restart_delay_seconds_count: 0,
    supervisor_worker_lifetime_seconds_sum: 0,
    supervisor_worker_lifetime_seconds_count: 0,
    ...Object.fromEntries(
      ['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'WINCH', 'TTIN', 'TTOU'].map((signal) => [
        `supervisor_signals_received_total{signal="SIG${signal}"}`,
        0,
      ]),
    ),
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
    ...Object.fromEntries(
      ['0', '1'].flatMap((index) =>
        ['exit', 'signal', 'oom', 'unhealthy', 'recycled', 'rollout'].map((reason) => [
          `supervisor_worker_restarts_total{worker="${index}",reason="${reason}"}`,
          0,
        ]),
      ),
    ),
    'supervisor_worker_exits_total{worker="0",code="0",signal="",reason="exit"}': 0,
    'supervisor_worker_exits_total{worker="1",code="0",signal="",reason="exit"}': 0,
  });
  expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(metrics.get('nodejs_heap_space_size_used_bytes{space="new"}')).toBeGreaterThan(0);
});

test('the series of the configured probes are there from the first start, and no others', async () => {
  const probe = { exec: { command: ['true'] }, initialDelaySeconds: 3600 };
  const supervisor = Supervisor.start({ command: worker(), livenessProbe: probe });
  await supervisor.ready(1);
  const metrics = await supervisor.metrics();
  const ofProbes = [...metrics].filter(([name]) =>
    name.startsWith('supervisor_worker_probe_total'),
  );
  expect(Object.fromEntries(ofProbes)).toEqual(
    Object.fromEntries(
      ['successful', 'failed', 'unknown'].map((result) => [
        `supervisor_worker_probe_total{worker="0",probe="liveness",result="${result}"}`,
        0,
      ]),
    ),
  );
});

test('what a worker uses is read from its process at each scrape', async () => {
  const supervisor = Supervisor.start({ workers: 2, command: worker('--burn', '--only=1') });
  await supervisor.ready(2);
  const [line] = supervisor.linesLike(/^Started child/);
  const first = await supervisor.metrics();
  const value = (metrics: ReadonlyMap<string, number>, name: string, index: number): number =>
    metrics.get(`supervisor_worker_${name}{worker="${index}"}`) ?? Number.NaN;
  const { pid = 0 } = line ?? {};
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const inStatus = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  expect(value(first, 'threads', 0)).toBe(inStatus('Threads'));
  expect(value(first, 'resident_memory_bytes', 0) / 1024 / inStatus('VmRSS')).toBeCloseTo(1, 0);
  expect(value(first, 'open_fds', 0)).toBe(readdirSync(`/proc/${pid}/fd`).length);
  const started = Date.parse(line?.time ?? '') / 1000;
  expect(Math.abs(value(first, 'start_time_seconds', 0) - started)).toBeLessThan(1);
  await eventually(async () => {
    const later = await supervisor.metrics();
    expect(value(later, 'cpu_seconds_total', 1)).toBeGreaterThan(
      value(first, 'cpu_seconds_total', 1) + 0.1,
    );
    expect(value(later, 'start_time_seconds', 1)).toBe(value(first, 'start_time_seconds', 1));
  });
});

test('a worker without a process has no series of one, and its last exit code', async () => {
  const supervisor = Supervisor.start({
    workers: 2,
    command: worker('--exit=7', '--only=1'),
    reloadDelay: 60,
  });
  await supervisor.logged(/exited/);
  const metrics = await supervisor.metrics();
  const gauges = ['cpu_seconds_total', 'resident_memory_bytes', 'open_fds', 'threads'];
  for (const name of [...gauges, 'start_time_seconds']) {
    expect(metrics.has(`supervisor_worker_${name}{worker="0"}`)).toBe(true);
    expect(metrics.has(`supervisor_worker_${name}{worker="1"}`)).toBe(false);
  }
  expect(metrics.get('supervisor_worker_last_exit_code{worker="1"}')).toBe(7);
  expect(metrics.has('supervisor_worker_last_exit_code{worker="0"}')).toBe(false);
});

test('the histograms of lifetimes and of restart delays agree with the log', async () => {
  const sum = (name: string, lines: readonly LogLine[]): number =>
    lines.reduce((total, line) => total + Number(line[name] ?? 0), 0);
  const supervisor = Supervisor.start({ command: worker('--exit=1'), reloadDelay: 0.05 });
  await supervisor.logged(/exited/, 4);
  await eventually(async () => {
    const metrics = await supervisor.metrics();
    const exits = supervisor.linesLike(/exited/);
    const restarts = supervisor
      .linesLike(/^Started child/)
      .filter(({ starts }) => Number(starts) > 1);
    expect(metrics.get('supervisor_worker_lifetime_seconds_count')).toBe(exits.length);
    expect(metrics.get('supervisor_restart_delay_seconds_count')).toBe(restarts.length);
    expect(metrics.get('supervisor_worker_lifetime_seconds_sum')).toBeCloseTo(
      sum('lifetimeSeconds', exits),
      1,
    );
    expect(metrics.get('supervisor_restart_delay_seconds_sum')).toBeCloseTo(
      sum('delaySeconds', restarts),
      1,
    );
  });
});

test('supervisor_stopping is 1 from the first instant of a stop', async () => {
  const supervisor = Supervisor.start({ command: worker('--stop-takes=1500') });
  await supervisor.ready(1);
  expect((await supervisor.metrics()).get('supervisor_stopping')).toBe(0);
  supervisor.kill('SIGTERM');
  await supervisor.logged(/^Received SIGTERM/);
  const metrics = await supervisor.metrics();
  expect(metrics.get('supervisor_stopping')).toBe(1);
  expect(metrics.get('supervisor_signals_received_total{signal="SIGTERM"}')).toBe(1);
  await supervisor.ended;
});

test('OpenMetrics is answered where it is asked for', async () => {
  const supervisor = Supervisor.start({ command: worker() });
  const url = await supervisor.url('/metrics');
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const response = await fetch(url, { headers: { accept } });
  expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1/);
  const body = await response.text();
  expect(body).toMatch(/^# TYPE supervisor_worker_starts counter$/m);
  expect(body.endsWith('\n# EOF\n')).toBe(true);
  const plain = await fetch(url);
  expect(plain.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
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
