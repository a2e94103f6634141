import { once } from 'node:events';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { interpolated, queriesOf, readDashboard } from '../helpers/dashboard.ts';
import type { DashboardQuery } from '../helpers/dashboard.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { Alertmanager, Prometheus, valueOf } from '../helpers/prometheus.ts';
import type { Series } from '../helpers/prometheus.ts';
import { ROOT } from '../helpers/program.ts';
import { selectorsIn } from '../helpers/promql.ts';
import { RULES_FILE } from '../helpers/rules.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** Milliseconds for an alert: Prometheus looks for targets every 5 s, and then it takes 15 s to fire. */
const TO_FIRE = 60_000;

/** Milliseconds for a test. */
const LONG = 2 * TO_FIRE;

const servers = new Set<Server>();

afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

test(
  'Prometheus is told of restarts and exits, and every query of the dashboard answers',
  async () => {
    // a command that can be taken away, for starts that fail
    const node = join(workspace(), 'node');
    symlinkSync(process.execPath, node);
    const [, ...program] = worker('--exit=7', '--only=1');
    const supervisor = Supervisor.start({
      workers: 3,
      command: [node, ...program],
      signals: { SIGUSR2: 'ignore' },
      livenessProbe: { exec: { command: ['true'] } },
    });
    const prometheus = await scraping(supervisor);
    await killAndSeeReplaced(supervisor, 0);
    await killAndSeeReplaced(supervisor, 0);
    supervisor.kill('SIGUSR2');

    await eventually(async () => {
      const restarts = await prometheus.query('supervisor_worker_restarts_total');
      expect(valueOf(restarts, { job: 'app', worker: '0', reason: 'signal' })).toBe(2);
      expect(valueOf(restarts, { job: 'app', worker: '0', reason: 'exit' })).toBe(0);
      expect(valueOf(restarts, { job: 'app', worker: '1', reason: 'exit' })).toBeGreaterThan(1);
      expect(valueOf(restarts, { job: 'app', worker: '2', reason: 'exit' })).toBe(0);
      // the first restart counts too: the series was there before, at zero
      const rates = await prometheus.query(
        'sum by (reason) (increase(supervisor_worker_restarts_total{worker="0"}[1m])) > 1',
      );
      expect(rates.map(({ metric }) => metric)).toEqual([{ reason: 'signal' }]);
      const exits = await prometheus.query('supervisor_worker_exits_total');
      const killed = { worker: '0', code: '137', signal: 'SIGKILL', reason: 'signal' };
      expect(valueOf(exits, killed)).toBe(2);
      expect(valueOf(exits, { worker: '1', code: '7', reason: 'exit' })).toBeGreaterThan(1);
    });

    rmSync(node);
    await eventually(async () => {
      const errors = await prometheus.query('rate(supervisor_worker_spawn_errors_total[10s])');
      expect(errors).not.toEqual([]);
    });
    const samples = new Set([...(await supervisor.metrics()).keys()].map(nameOf));
    const answered = await Promise.all(
      queriesOf(readDashboard()).map((query) => answers(prometheus, query, samples)),
    );
    expect(answered.filter((each) => each).length).toBeGreaterThan(20);
  },
  LONG,
);

test(
  'the workers’ own metrics come through the supervisor, with its own',
  async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: [process.execPath, `${ROOT}test/fixtures/metrics-worker.js`, 'good', 'good', 'slow'],
      portBase: await freePorts(3),
      metrics: { port: 0, workers: { port: '$(PORT)' } },
    });
    const prometheus = await scraping(supervisor);
    await eventually(async () => {
      const jobs = await prometheus.query('app_jobs_total');
      expect(valueOf(jobs, { worker: '0', exported_worker: 'own', kind: 'mail' })).toBe(1);
      expect(valueOf(jobs, { worker: '1', exported_worker: 'own', kind: 'mail' })).toBe(2);
      const starts = await prometheus.query('process_start_time_seconds');
      expect(valueOf(starts, { worker: '1' })).toBe(12);
      expect(valueOf(starts, { worker: 'supervisor' })).toBeGreaterThan(1e9);
      const success = await prometheus.query('supervisor_worker_scrape_success');
      expect(valueOf(success, { worker: '2' })).toBe(0);
      // the slow one has not made the scrape of the whole fail
      expect(valueOf(await prometheus.query('min_over_time(up[1m])'), { job: 'app' })).toBe(1);
    });
  },
  LONG,
);

test(
  'a crash loop becomes an alert that arrives',
  async () => {
    const received: string[] = [];
    const webhook = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => received.push(text));
      request.on('end', () => response.end());
    });
    servers.add(webhook);
    await once(webhook.listen(0, '127.0.0.1'), 'listening');
    const { port } = webhook.address() as AddressInfo;
    const alertmanager = await Alertmanager.start(`http://127.0.0.1:${port}/`).address();
    const supervisor = Supervisor.start({ workers: 2, command: worker('--exit=7', '--only=1') });
    const rules = inSeconds(readFileSync(RULES_FILE, 'utf8'));
    const prometheus = await scraping(supervisor, { rules, alertmanager });

    await eventually(async () => {
      const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
      const loops = firing.filter(
        ({ labels }) => labels['alertname'] === 'SupervisorWorkerCrashLooping',
      );
      expect(loops).toMatchObject([{ labels: { job: 'app', worker: '1', reason: 'exit' } }]);
    }, TO_FIRE);
    await eventually(() => {
      expect(received.join()).toMatch(/Restarts of worker 1 of 127\.0\.0\.1:\d+ \(app\) in the/);
    });
  },
  LONG,
);

async function killAndSeeReplaced(supervisor: Supervisor, index: number): Promise<void> {
  const pid = supervisor.pidOf(index);
  process.kill(pid, 'SIGKILL');
  await eventually(() => {
    expect(supervisor.pidOf(index)).not.toBe(pid);
  });
}

/** A Prometheus that has scraped the supervisor, as the job `app`. */
async function scraping(
  supervisor: Supervisor,
  options: Parameters<typeof Prometheus.start>[1] = {},
): Promise<Prometheus> {
  const { host } = new URL(await supervisor.url());
  const prometheus = Prometheus.start({ app: host }, options);
  await eventually(async () => {
    const [up] = await prometheus.query('supervisor_workers_ready > 0');
    expect(up?.metric).toMatchObject({ job: 'app', instance: host });
  });
  return prometheus;
}

/**
 * The rules with every range, offset and waiting time in seconds instead of minutes, for a Prometheus that
 * scrapes and evaluates once a second instead of once a minute: the same rules, sixty times as fast. What
 * the real times come to is the matter of `promtool test rules`.
 */
function inSeconds(rules: string): string {
  return rules.replaceAll(/(\[|offset |for: )(\d+)m\b/g, '$1$2s');
}

/**
 * Asks Prometheus as Grafana would. Where the supervisor has a sample of all that is read, there has to be
 * an answer, and each series the labels by which it is named.
 *
 * @returns whether there was
 */
async function answers(
  prometheus: Prometheus,
  { of, expression, legend, instant }: DashboardQuery,
  samples: ReadonlySet<string>,
): Promise<boolean> {
  const query = interpolated(expression);
  const series = instant ? await prometheus.query(query) : await prometheus.queryRange(query);
  const isRead = selectorsIn(query).every(({ metric }) => samples.has(metric));
  // what an annotation marks need not have happened
  if (!isRead || of.startsWith('annotation')) return false;
  expect({ of, series: series.length }).not.toEqual({ of, series: 0 });
  expect({ of, without: series.filter((each) => !isNamed(each, legend)) }).toEqual({
    of,
    without: [],
  });
  return true;
}

function isNamed({ metric }: Series, legend: string): boolean {
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)].every(([, label = '']) => label in metric);
}

function nameOf(sample: string): string {
  return sample.replace(/\{.*/s, '');
}
