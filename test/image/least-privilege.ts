import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { worker } from './container.ts';
import type { Container } from './container.ts';

/** Starts the image with this configuration and these options of `podman run`. */
type Run = (config: Readonly<Record<string, unknown>>, ...options: readonly string[]) => Container;

/**
 * Every part that could want a right, as a user that nobody knows, without capabilities, with no-new-privileges,
 * the runtime's seccomp profile and a read-only root; `Container` runs everything so but for the user.
 */
export function leastPrivilege(runAsImageSays: Run): void {
  const run: Run = (config, ...options) => runAsImageSays(config, '--user=12345:12345', ...options);

  describe('rights', () => {
    privilegesOf(run);
  });
  describe('there work', () => {
    partsThatWork(run);
  });
  describe('the control socket', () => {
    controlSocket(run);
  });
}

function privilegesOf(run: Run): void {
  test('PID 1 has no right at all, and the system calls that the profile leaves', async () => {
    const container = run({ workers: 2, command: worker() });
    await container.ready(2);
    for (const pid of ['1', String(container.pidOf(1))]) {
      const status = await container.exec('/bin/cat', `/proc/${pid}/status`);
      expect(status).toMatch(/^Uid:\s+12345\s+12345\s+12345\s+12345$/m);
      expect(status).toMatch(/^CapEff:\s+0+$/m);
      expect(status).toMatch(/^CapBnd:\s+0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      // 2: a filter
      expect(status).toMatch(/^Seccomp:\s+2$/m);
    }
    await expect(container.exec('/bin/touch', '/tmp/x')).rejects.toThrow(/Read-only file system/);
    const scores = [1, container.pidOf(0), container.pidOf(1)].map(async (pid) =>
      Number(await container.exec('/bin/cat', `/proc/${pid}/oom_score_adj`)),
    );
    const [own = NaN, ...workers] = await Promise.all(scores);
    expect(workers).toEqual([own + 500, own + 500]);
    expect(container.log.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
  });
}

function partsThatWork(run: Run): void {
  test('prefixes of the workers’ output, the reaping of orphans, and SIGKILL for a whole group', async () => {
    const container = run({
      command: `(setsid sleep 0.1 &); trap '' TERM; sleep 1000 & trap - TERM; echo ready $$; exec sleep 1000`,
      log: { workers: 'prefix' },
      stop: { gracePeriodSeconds: 1 },
    });
    await container.logged(/^Started child process/);
    await eventually(async () => {
      expect(container.stdout).toContain(`[0] ready ${container.pidOf(0)}\n`);
      expect((await container.metrics()).get('supervisor_orphans_reaped_total')).toBe(1);
    });
    expect(await container.stopByRuntime()).toEqual({ code: 0, signal: null });
    expect(container.linesLike(/^Sent SIGKILL to what is left/)).toHaveLength(1);
  });

  test('probes by HTTP, TCP and a command, and the metrics of each worker', async () => {
    const port = '$(PORT)';
    const container = run({
      workers: 2,
      command: ['node', '/app/health-worker.js'],
      portBase: 8000,
      startupProbe: { exec: { command: ['/bin/true'] }, periodSeconds: 1 },
      readinessProbe: { httpGet: { path: '/ready', port }, periodSeconds: 1 },
      livenessProbe: { tcpSocket: { port }, periodSeconds: 1, initialDelaySeconds: 1 },
    });
    await container.ready(2);
    await eventually(async () => {
      expect((await container.get('/readyz')).status).toBe(200);
      const metrics = await container.metrics();
      for (const probe of ['startup', 'readiness', 'liveness']) {
        const name = `supervisor_worker_probe_total{worker="1",probe="${probe}",result="successful"}`;
        expect([name, (metrics.get(name) ?? 0) > 0]).toEqual([name, true]);
      }
      for (const name of ['resident_memory_bytes', 'open_fds', 'threads']) {
        expect(metrics.get(`supervisor_worker_${name}{worker="1"}`)).toBeGreaterThan(0);
      }
    });
    expect(container.linesLike(/exited with/)).toEqual([]);
  });

  test('systemd’s notification over its socket', async () => {
    const container = run({
      command: 'node /app/notify.cjs READY=1; exec sleep 1000',
      // where the client, which is no part of what is tried, finds its koffi
      env: { NODE_PATH: '/opt/container-supervisor/node_modules' },
      notify: { socket: true },
    });
    await eventually(async () => {
      expect((await container.get('/readyz')).body).toContain('1 of 1 workers ready');
    });
  });

  test('recycling of a worker that has become too large', async () => {
    const container = run({
      command: ['node', '/app/health-worker.js'],
      env: { LEAK_MIB_PER_SECOND: '200' },
      recycle: { maxMemory: '128Mi' },
    });
    await container.ready(2);
    expect(container.linesLike(/exited with/)).toMatchObject([{ reason: 'recycled' }]);
  });
}

function controlSocket(run: Run): void {
  test('on the root is refused with status 1 and the remedy', async () => {
    const container = run({ command: worker(), control: { socket: '/app/control.sock' } });
    expect(await container.ended).toEqual({ code: 1, signal: null });
    expect(container.stderr).toMatch(
      /\/control\/socket: expected a path .* or mount a volume there/,
    );
    expect(container.linesLike(/^Started child/)).toEqual([]);
  });

  test('in a volume is there for whoever is in the container, without a further setting', async () => {
    const socket = '/run/supervisor/control.sock';
    const container = run(
      { workers: 2, command: worker(), control: { socket } },
      // as an emptyDir is: everybody may write to it
      '--tmpfs=/run/supervisor:rw,mode=1777',
    );
    await container.ready(2);
    expect(await container.exec('container-supervisor', 'scale', '3')).toMatch(
      /^scaled from 2 to 3/,
    );
    expect(await container.exec('container-supervisor', 'status')).toMatch(/^running: 3 of 3/);
    expect(await container.exec('container-supervisor', 'restart', '0')).toBe('restarted worker 0');
    expect(await container.exec('container-supervisor', 'stop')).toBe('stopped');
    expect(await container.ended).toEqual({ code: 0, signal: null });
  });
}
