import { describe, expect, test } from '@jest/globals';

import type { Environment } from '../../src/core/command.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { Input } from '../../src/core/input.ts';
import { Probes } from '../../src/probes/probes.ts';
import { eventually } from '../helpers/eventually.ts';
import { isRunning } from '../helpers/processes.ts';
import { probeOf } from './probe.ts';
import { deadPort, serveHttp, serveTcp } from './servers.ts';

type ProbedInput = Input & { type: 'probed' };
type ProbeEffect = Effect & { type: 'probe' };

const PATH = process.env['PATH'] ?? '';

/** Probes of workers whose PORT is the one given, and what they have told. */
class Harness {
  readonly told: ProbedInput[] = [];
  /** How often an environment was asked for. */
  environments = 0;
  isThere = true;
  readonly probes: Probes;

  constructor(port = 1) {
    const environment = (): Environment => {
      this.environments += 1;
      return { PATH, PORT: String(port) };
    };
    this.probes = new Probes({
      put: (input) => this.told.push(input),
      processOf: () =>
        this.isThere
          ? {
              get env() {
                return environment();
              },
              workingDir: null,
            }
          : null,
    });
  }

  run(check: Parameters<typeof probeOf>[0], given: Partial<ProbeEffect> = {}): void {
    const which = { worker: 3, start: 2, probe: 'liveness', attempt: 7 } as const;
    const before = this.told.length;
    this.probes.run({ type: 'probe', ...which, check: probeOf(check), ...given });
    expect(this.told.length).toBe(before);
  }

  async hasTold(count: number): Promise<readonly ProbedInput[]> {
    return eventually(() => {
      expect(this.told.length).toBe(count);
      return this.told;
    });
  }
}

const http = (port: number | string) => ({
  httpGet: { host: '127.0.0.1', port, path: '/', scheme: 'HTTP' as const, httpHeaders: [] },
});
const tcp = (port: number | string) => ({ tcpSocket: { host: '127.0.0.1', port } });
const exec = (...command: string[]) => ({ exec: { command } });

const answer = { type: 'probed', worker: 3, start: 2, probe: 'liveness', attempt: 7 };

describe('probes', () => {
  test('tell what each has come to', async () => {
    const { port } = await serveHttp((_, response) => response.end());
    const dead = await deadPort();
    const harness = new Harness(port);
    harness.run(http('$(PORT)'), { probe: 'startup' });
    harness.run(tcp(dead), { probe: 'readiness' });
    harness.run(exec('test', '$(PORT)', '=', String(port)));
    harness.run(http('$(NO)'), { worker: 4 });
    const told = await harness.hasTold(4);
    const successful = { ...answer, result: 'successful', message: '' };
    expect(told).toContainEqual({ ...successful, probe: 'startup' });
    expect(told).toContainEqual(successful);
    expect(told).toContainEqual({
      ...answer,
      probe: 'readiness',
      result: 'failed',
      message: `connection refused (127.0.0.1:${dead})`,
    });
    expect(told).toContainEqual({
      ...answer,
      worker: 4,
      result: 'unknown',
      message: expect.stringMatching(/^httpGet\.port: expected a port/),
    });
  });

  test('of a process that is gone are not run', async () => {
    const harness = new Harness();
    harness.isThere = false;
    harness.run(http('$(NO)'));
    harness.isThere = true;
    harness.run(http('$(NO)'), { attempt: 8 });
    expect(await harness.hasTold(1)).toMatchObject([{ attempt: 8 }]);
  });

  test('make an environment only for what refers to it', async () => {
    const { port } = await serveHttp((_, response) => response.end());
    const harness = new Harness(port);
    harness.run(tcp(port));
    harness.run(http(port), { probe: 'startup' });
    expect(harness.environments).toBe(0);
    harness.run(http('$(PORT)'), { probe: 'readiness' });
    expect(harness.environments).toBe(1);
    await harness.hasTold(3);
  });

  test('are under way once for each process and kind', async () => {
    const { port, clients } = await serveTcp((client) => client.resume());
    const harness = new Harness();
    const others = [{ probe: 'startup' }, { worker: 4 }, { start: 3 }] as const;
    harness.run(http(port), { attempt: 1 });
    for (const other of others) harness.run(http(port), other);
    await eventually(() => {
      expect(clients.size).toBe(4);
    });
    harness.run(exec('false'), { attempt: 2 });
    await eventually(() => {
      expect(clients.size).toBe(3);
    });
    expect(await harness.hasTold(1)).toMatchObject([{ attempt: 2, message: 'exit status 1' }]);
    harness.probes.end();
  });

  test('that are cancelled say nothing, of any kind', async () => {
    const { port, clients } = await serveTcp((client) => client.resume());
    const harness = new Harness();
    const checks = [http(port), tcp(port), exec('sleep', '1000'), exec('no-such'), http('$(NO)')];
    for (const [worker, check] of checks.entries()) harness.run(check, { worker });
    const pids = harness.probes.pids;
    expect(pids.length).toBe(1);
    for (const worker of checks.keys()) {
      harness.probes.cancel({ worker, start: 2, probe: 'liveness' });
    }
    harness.probes.cancel({ worker: 99, start: 2, probe: 'liveness' });
    await eventually(() => {
      expect(clients.size).toBe(0);
      expect(harness.probes.pids).toEqual([]);
      expect(pids.filter(isRunning)).toEqual([]);
    });
    harness.run(tcp(port), { attempt: 8 });
    expect(await harness.hasTold(1)).toMatchObject([{ attempt: 8, result: 'successful' }]);
  });

  test('leave nothing behind at the end, which is no word either', async () => {
    const { port, clients } = await serveTcp((client) => client.resume());
    const harness = new Harness();
    for (let worker = 0; worker < 10; worker += 1) {
      harness.run(http(port), { worker });
      harness.run(exec('sleep', '1000'), { worker, probe: 'readiness' });
    }
    await eventually(() => {
      expect(clients.size).toBe(10);
    });
    const pids = harness.probes.pids;
    expect(pids.filter(isRunning).length).toBe(10);
    harness.probes.end();
    await eventually(() => {
      expect(clients.size).toBe(0);
      expect(pids.filter(isRunning)).toEqual([]);
      expect(harness.probes.pids).toEqual([]);
    });
    expect(harness.told).toEqual([]);
  });
});
