// Workers that leak, hang and start slowly, under a real memory limit, for a minute; `npm run soak` is the same for
// ten.
import { afterEach, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import type { LogLine } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 60);

/** Two leak, two hang every now and then, two start slowly, and two do nothing of it. */
const WORKERS = 8;
const ROLES = `case $SUPERVISOR_WORKER_INDEX in
  0|1) export LEAK_MIB_PER_SECOND=15 ;;
  2|3) export HANG_AFTER_SECONDS=$((3 + SUPERVISOR_WORKER_STARTS % 5)) ;;
  4|5) export START_SECONDS=4 ;;
esac
exec "$0" "$1"`;

const GRACE = 1;
const LIVENESS = { periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2 };

/** Seconds that a worker may hang: until the next probe, so many of them, and its grace. */
const LONGEST_HANG =
  LIVENESS.periodSeconds * LIVENESS.failureThreshold + LIVENESS.timeoutSeconds + GRACE;

/** Seconds that a busy machine may take for what is done at once elsewhere. */
const SLACK = 10;

const MAX_UNAVAILABLE = 1;

const httpGet = (path: string): object => ({ port: '$(PORT)', path });

let supervisor: Supervisor | undefined;
let cgroup: Cgroup | undefined;

afterEach(async () => {
  await supervisor?.destroy();
  await cgroup?.remove();
});

test(
  'no OOM kill, nobody hangs for longer than his probe allows, and as many are ready as rollout promises',
  async () => {
    // eight of them need about 450 MiB, and a leak of 30 MiB a second has the rest in ten seconds
    const limit = String(800 * 2 ** 20);
    cgroup = new Cgroup(
      'memory',
      { 'memory.limit_in_bytes': limit },
      { 'memory.max': limit, 'memory.swap.max': '0' },
    );
    const config = {
      workers: WORKERS,
      command: ['sh', '-c', ROLES, process.execPath, `${ROOT}test/fixtures/health-worker.js`],
      portBase: await freePorts(WORKERS),
      reloadDelay: 0.1,
      stop: { gracePeriodSeconds: GRACE },
      startupProbe: { httpGet: httpGet('/startup'), periodSeconds: 0.5, failureThreshold: 120 },
      readinessProbe: { httpGet: httpGet('/ready'), periodSeconds: 1, failureThreshold: 3 },
      livenessProbe: { httpGet: httpGet('/live'), ...LIVENESS },
      recycle: { maxMemory: '120Mi', maxLifetimeSeconds: 20 },
      rollout: { maxUnavailable: MAX_UNAVAILABLE },
      log: { level: 'debug' },
      metrics: { port: 0 },
    };
    supervisor = new Supervisor(workspace({ 'supervisor.config.json': config }), {
      prefix: cgroup.prefix,
    });
    await supervisor.logged(/is ready$/, WORKERS);
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      await eventually(async () => {
        expect((await supervisor?.get('/livez'))?.status).toBe(200);
      });
      await supervisor.logged(/^Recycling/, supervisor.linesLike(/^Recycling/).length + 1);
    }
    const metrics = await supervisor.metrics();
    await supervisor.stop();

    expect(metrics.get('supervisor_cgroup_oom_kills_total')).toBe(0);
    expect(supervisor.linesLike(/Perhaps out of memory/)).toEqual([]);
    expectShortHangs(supervisor);
    expectPromised(supervisor.log);
  },
  SECONDS * 1000 + 120_000,
);

/** Whoever says that he hangs is found, and gone in time. */
function expectShortHangs({ stdout, log }: Supervisor): void {
  const hangs = [...stdout.matchAll(/^hangs (\d+) (\d+)$/gm)];
  expect(hangs.length).toBeGreaterThan(SECONDS / 20);
  for (const [, pid, at] of hangs) {
    const exit = log.find((line) => line.pid === Number(pid) && line.msg.startsWith('Worker'));
    const hung = (Date.parse(exit?.time ?? '') - Number(at)) / 1000;
    expect(hung).toBeLessThan(LONGEST_HANG + SLACK);
  }
}

/** Nobody who was ready was asked to make room where that left too few. */
function expectPromised(log: readonly LogLine[]): void {
  const ready = new Set<number>();
  const recycled = new Set<number>();
  let asked = 0;
  for (const { msg, pid = 0, reason } of log) {
    if (msg === 'Received SIGTERM') break;
    if (msg.endsWith('is ready')) ready.add(pid);
    if (msg.startsWith('Recycling')) recycled.add(pid);
    const isLost = /is not ready any more|is unhealthy|^Worker \(pid/.test(msg);
    if (isLost) ready.delete(pid);
    if (!msg.startsWith('Stopping child') || !recycled.has(pid) || !ready.delete(pid)) continue;
    asked += 1;
    expect(ready.size).toBeGreaterThanOrEqual(WORKERS - MAX_UNAVAILABLE);
    expect(reason).toBeUndefined();
  }
  expect(asked).toBeGreaterThan(SECONDS / 20);
}
