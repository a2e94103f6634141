import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const NAME = 'supervisor.config.json';
const SUCCESSFUL = 'supervisor_config_last_reload_successful';
const TIMESTAMP = 'supervisor_config_last_reload_success_timestamp_seconds';

/** A supervisor whose configuration can be written anew. */
function reloadable(config: Readonly<Record<string, unknown>>): {
  readonly supervisor: Supervisor;
  readonly reload: (changes: Readonly<Record<string, unknown>>) => void;
} {
  const first = { metrics: { port: 0 }, reloadDelay: 0.05, ...config };
  const cwd = workspace({ [NAME]: first });
  const supervisor = new Supervisor(cwd);
  const reload = (changes: Readonly<Record<string, unknown>>): void => {
    writeFileSync(join(cwd, NAME), JSON.stringify({ ...first, ...changes }));
    supervisor.kill('SIGHUP');
  };
  return { supervisor, reload };
}

function namesOf(metrics: ReadonlyMap<string, number>, worker: number): readonly string[] {
  const label = `worker="${worker}"`;
  const names = [...metrics.keys()].filter((name) => name.includes(label));
  return names
    .map((name) => name.replace(/\{.*/, ''))
    .filter((name, at, all) => all.indexOf(name) === at);
}

test('the last reload: 1 and the time of the start, 0 after a failed one, 1 and its own time after the next', async () => {
  const { supervisor, reload } = reloadable({ command: worker() });
  const [start] = await supervisor.logged(/^Started parent process/);
  await supervisor.ready(1);
  const started = await supervisor.metrics();
  expect(started.get(SUCCESSFUL)).toBe(1);
  const startedAt = started.get(TIMESTAMP) ?? Number.NaN;
  expect(Math.abs(startedAt - Date.parse(start?.time ?? '') / 1000)).toBeLessThan(1);
  reload({ workers: 'many' });
  await supervisor.logged(/^Reloading .* failed/);
  const failed = await supervisor.metrics();
  expect([failed.get(SUCCESSFUL), failed.get(TIMESTAMP)]).toEqual([0, startedAt]);
  reload({ env: { GREETING: 'hello' } });
  const [line] = await supervisor.logged(/^Reloaded /);
  const reloaded = await supervisor.metrics();
  expect(reloaded.get(SUCCESSFUL)).toBe(1);
  expect(reloaded.get(TIMESTAMP)).toBeGreaterThan(startedAt);
  const reloadedAt = reloaded.get(TIMESTAMP) ?? Number.NaN;
  expect(Math.abs(reloadedAt - Date.parse(line?.time ?? '') / 1000)).toBeLessThan(1);
});

test('a worker that is not wanted any more leaves its counters, which go on when it is wanted again', async () => {
  const { supervisor, reload } = reloadable({ command: worker(), workers: 2 });
  await supervisor.ready(2);
  const counters = ['starts', 'restarts', 'exits'].map((name) => `supervisor_worker_${name}_total`);
  const gauges = ['state', 'start_time_seconds', 'cpu_seconds_total', 'resident_memory_bytes'];
  expect(namesOf(await supervisor.metrics(), 1)).toEqual(
    expect.arrayContaining([...counters, ...gauges.map((name) => `supervisor_worker_${name}`)]),
  );
  reload({ workers: 1 });
  await supervisor.logged(/exited with code/);
  await eventually(async () => {
    const metrics = await supervisor.metrics();
    expect(namesOf(metrics, 1)).toEqual(counters);
    expect(metrics.get('supervisor_workers_desired')).toBe(1);
    expect(metrics.get('supervisor_workers_running')).toBe(1);
  });
  reload({ workers: 2 });
  await supervisor.ready(3);
  await eventually(async () => {
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_starts_total{worker="1"}')).toBe(2);
    expect(metrics.get('supervisor_worker_restarts_total{worker="1",reason="rollout"}')).toBe(0);
    expect(metrics.get('supervisor_worker_state{worker="1",state="running"}')).toBe(1);
  });
});

test('a rolling restart is counted as one', async () => {
  const { supervisor, reload } = reloadable({ command: worker('--stop-exit=0'), workers: 2 });
  await supervisor.ready(2);
  reload({ env: { GREETING: 'hello' } });
  await supervisor.logged(/^Rolling restart: finished/);
  const metrics = await supervisor.metrics();
  for (const index of [0, 1]) {
    const ends = `supervisor_worker_exits_total{worker="${index}",code="0",signal="",reason="rollout"}`;
    expect(metrics.get(ends)).toBe(1);
    for (const reason of ['exit', 'signal', 'oom', 'unhealthy', 'recycled', 'rollout']) {
      const name = `supervisor_worker_restarts_total{worker="${index}",reason="${reason}"}`;
      expect(metrics.get(name)).toBe(reason === 'rollout' ? 1 : 0);
    }
  }
});

test('a worker that is replaced is running and ready for as long as its predecessor is', async () => {
  const { supervisor, reload } = reloadable({
    command: worker(),
    rollout: { maxSurge: 1, maxUnavailable: 0 },
  });
  await supervisor.ready(1);
  reload({ env: { GREETING: 'hello' }, minReadySeconds: 3600 });
  await supervisor.ready(2);
  const metrics = await supervisor.metrics();
  expect(supervisor.linesLike(/^Stopping child/)).toEqual([]);
  expect(metrics.get('supervisor_workers_running')).toBe(1);
  expect(metrics.get('supervisor_workers_ready')).toBe(1);
});
