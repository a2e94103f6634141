import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import type { StatusDocument } from '../../src/observe/status.ts';
import { eventually } from '../helpers/eventually.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import type { LogLine } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

describe('the probes', () => {
  test('/livez and /healthz answer', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    await supervisor.ready(1);
    for (const path of ['/livez', '/healthz']) {
      expect(await supervisor.get(path)).toEqual({ status: 200, body: 'livez check passed\n' });
    }
  });

  test('/readyz is 200 while enough are ready, and says why not', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: worker('--only=1', '--exit=4'),
      minReady: 3,
      reloadDelay: 60,
    });
    await supervisor.logged(/exited/);
    const { status, body } = await supervisor.get('/readyz');
    expect(status).toBe(503);
    expect(body).toMatch(
      /^\[\+\]worker 0 running\n\[-\]worker 1 backoff, last exit: exit, code 4, next start in \d+\.\d s\n\[\+\]worker 2 running\nreadyz check failed: 2 of 3 workers ready; 3 needed\n$/,
    );
  });

  test('one crash among three does not take the pod out', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: worker('--only=1', '--exit=4'),
      reloadDelay: 60,
    });
    await supervisor.logged(/exited/);
    expect((await supervisor.get('/readyz')).status).toBe(200);
  });

  test('/readyz and /status have a replacement behind the worker that it is to replace', async () => {
    const name = 'supervisor.config.json';
    const rollout = { maxSurge: 1, maxUnavailable: 0 };
    const config = { metrics: { port: 0 }, workers: 2, command: worker(), rollout };
    const cwd = workspace({ [name]: config });
    const supervisor = new Supervisor(cwd);
    await supervisor.ready(2);
    const pids = [0, 1].map((index) => supervisor.pidOf(index));
    // no replacement is ready for an hour, so that the rollout stays where it is
    const changes = { env: { GREETING: 'hello' }, minReadySeconds: 3600 };
    writeFileSync(join(cwd, name), JSON.stringify({ ...config, ...changes }));
    supervisor.kill('SIGHUP');
    await supervisor.ready(3);
    expect((await supervisor.get('/readyz')).body).toBe(
      [
        '[+]worker 0 running, being replaced',
        '[-]worker 0 running, it has not lived for 3600 s yet',
        '[+]worker 1 running',
        'readyz check passed: 2 of 2 workers ready; 1 needed',
        '',
      ].join('\n'),
    );
    const { workers } = JSON.parse((await supervisor.get('/status')).body) as StatusDocument;
    expect(workers.map(({ index, pid, starts, ready }) => [index, pid, starts, ready])).toEqual([
      [0, pids[0], 1, true],
      [0, supervisor.pidOf(0), 2, false],
      [1, pids[1], 1, true],
    ]);
    expect(workers.map(({ notReadyBecause }) => notReadyBecause)).toEqual([
      null,
      'it has not lived for 3600 s yet',
      null,
    ]);
  });

  test('/readyz is 503 from the first instant of a stop; all answer until the last join', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker('--stop-takes=1500') });
    await supervisor.ready(2);
    expect((await supervisor.get('/readyz')).status).toBe(200);
    supervisor.kill('SIGTERM');
    await supervisor.logged(/^Received SIGTERM/);
    const { status, body } = await supervisor.get('/readyz');
    expect(status).toBe(503);
    expect(body).toContain('[-]worker 0 stopping');
    expect(body).toContain('the supervisor is stopping');
    expect((await supervisor.get('/livez')).status).toBe(200);
    expect((await supervisor.metrics()).get('supervisor_workers_running')).toBe(1);
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
  });
});

describe('/status', () => {
  test('tells of every worker what it does, uses and did before', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker('--only=1', '--die=SIGABRT'),
      env: { TOKEN: 'a-secret-value' },
      reloadDelay: 60,
    });
    await supervisor.logged(/exited/);
    const { status, body } = await supervisor.get('/status');
    expect(status).toBe(200);
    expect(body).not.toContain('a-secret-value');
    const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(JSON.parse(body)).toEqual({
      pid: supervisor.pid,
      state: 'running',
      desired: 2,
      ready: 1,
      workers: [
        {
          index: 0,
          state: 'running',
          ready: true,
          notReadyBecause: null,
          statusText: null,
          pid: supervisor.pidOf(0),
          since: time,
          starts: 1,
          restarts: {},
          lastExit: null,
          nextStartInSeconds: null,
          residentMemoryBytes: expect.any(Number),
          cpuSeconds: expect.any(Number),
        },
        {
          index: 1,
          state: 'backoff',
          ready: false,
          notReadyBecause: null,
          statusText: null,
          pid: null,
          since: time,
          starts: 1,
          restarts: {},
          lastExit: { code: 134, signal: 'SIGABRT', reason: 'signal', at: time },
          nextStartInSeconds: expect.any(Number),
          residentMemoryBytes: null,
          cpuSeconds: null,
        },
      ],
    });
  });

  test('has the times of the log, the memory of the process and restarts by reason', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    await supervisor.ready(1);
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(2);
    const { body } = await supervisor.get('/status');
    const [document] = (JSON.parse(body) as StatusDocument).workers;
    expect(document).toMatchObject({ starts: 2, restarts: { signal: 1 } });
    const [, started] = supervisor.linesLike(/^Started child/);
    const [exited] = supervisor.linesLike(/exited/);
    const distance = (time: string | undefined, line: LogLine | undefined): number =>
      Math.abs(Date.parse(time ?? '') - Date.parse(line?.time ?? ''));
    expect(distance(document?.since ?? '', started)).toBeLessThan(1000);
    expect(distance(document?.lastExit?.at, exited)).toBeLessThan(1000);
    const rollup = readFileSync(`/proc/${supervisor.pidOf(0)}/smaps_rollup`, 'utf8');
    const resident = Number(/^Rss: +(\d+) kB/m.exec(rollup)?.[1]) * 1024;
    expect((document?.residentMemoryBytes ?? 0) / resident).toBeGreaterThan(0.8);
    expect((document?.residentMemoryBytes ?? 0) / resident).toBeLessThan(1.2);
  });

  test('is not there without metrics.page', async () => {
    const supervisor = Supervisor.start({ command: worker(), metrics: { port: 0, page: false } });
    expect((await supervisor.get('/status')).status).toBe(404);
    expect((await supervisor.get('/')).status).toBe(404);
  });
});

describe('the server', () => {
  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const supervisor = Supervisor.start({ command: worker() });
    const response = await fetch(await supervisor.url('/metrics'), {
      method,
      ...(method === 'OPTIONS' ? {} : { body: 'x'.repeat(1_000_000) }),
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('HEAD has the head alone', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const response = await fetch(await supervisor.url('/livez'), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('19');
    expect(await response.text()).toBe('');
  });

  test('knows no other path, and passes over a query', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    expect((await supervisor.get('/nothing')).status).toBe(404);
    expect((await supervisor.get('/livez?verbose')).status).toBe(200);
    expect((await supervisor.get('//livez')).status).toBe(404);
    // fetch does not ask so
    const socket = connect(Number(new URL(await supervisor.url()).port), '127.0.0.1');
    socket.write('GET http://example.com/livez HTTP/1.1\r\nHost: example.com\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  test('can have another path for the metrics, another host, or be off', async () => {
    const moved = Supervisor.start({
      command: worker(),
      metrics: { port: 0, path: '/prom', host: '127.0.0.1' },
    });
    expect((await moved.get('/prom')).body).toContain('supervisor_build_info');
    expect((await moved.get('/metrics')).status).toBe(404);
    expect(moved.messages()[0]).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+$/);

    const off = Supervisor.start({ command: worker(), metrics: { enabled: false } });
    await off.ready(1);
    expect(off.linesLike(/^Listening/)).toEqual([]);
    expect(await off.stop()).toEqual({ code: 0, signal: null });
  });

  test('answers IPv4 and IPv6', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const url = new URL(await supervisor.url('/livez'));
    for (const host of ['127.0.0.1', '[::1]']) {
      expect((await fetch(`http://${host}:${url.port}/livez`)).status).toBe(200);
    }
  });

  test('a client that sends nothing, or byte after byte, is let go; one that asks on is not', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const port = Number(new URL(await supervisor.url()).port);
    const silent = connect(port, '127.0.0.1');
    const half = connect(port, '127.0.0.1').setNoDelay();
    half.write('GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const trickle = setInterval(() => half.write('x'), 250);
    const alive = connect(port, '127.0.0.1');
    const ask = setInterval(() => alive.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'), 2000);
    let answered = 0;
    alive.on(
      'data',
      (data) => (answered += data.toString().split('livez check passed').length - 1),
    );
    const closed = [silent, half].map(async (socket) => {
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
    });
    try {
      await Promise.all(closed);
      expect(alive.destroyed).toBe(false);
      expect(answered).toBeGreaterThan(0);
    } finally {
      clearInterval(trickle);
      clearInterval(ask);
      alive.destroy();
    }
  });

  test('a client that asks again before its answer has come is let go', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const socket = connect(Number(new URL(await supervisor.url()).port), '127.0.0.1');
    let text = '';
    socket.on('data', (data) => (text += data.toString())).on('error', () => undefined);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    await once(socket, 'close');
    expect(text.split('HTTP/1.1 200').length - 1).toBeLessThanOrEqual(1);
    expect((await supervisor.get('/livez')).status).toBe(200);
  });

  test('half-open clients and huge headers do not hurt the loop', async () => {
    const supervisor = Supervisor.start({ command: worker(), reloadDelay: 0.05 });
    await supervisor.ready(1);
    const { port } = new URL(await supervisor.url());
    const idle = Array.from({ length: 500 }, () => connect(Number(port), '127.0.0.1'));
    idle.forEach((socket) => socket.on('error', () => undefined).write('GET /metr'));
    const huge = await fetch(await supervisor.url('/livez'), {
      headers: { 'x-huge': 'x'.repeat(100_000) },
    });
    expect(huge.status).toBe(431);
    const larger = connect(Number(port), '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    larger.write(`GET /livez HTTP/1.1\r\nhost: here\r\nx-huge: ${'x'.repeat(1024 * 1024)}\r\n\r\n`);
    await eventually(() => {
      expect(larger.destroyed).toBe(true);
    });
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    idle.forEach((socket) => socket.destroy());
  });
});
