import type { IncomingHttpHeaders } from 'node:http';

import { describe, expect, test } from '@jest/globals';

import { probeHttp } from '../../src/probes/http.ts';
import { version } from '../../src/version.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  deadPort,
  endOnce,
  httpGet,
  httpOutcome,
  serveHttp,
  serveHttps,
  serveTcp,
} from './servers.ts';

const SUCCESSFUL = { result: 'successful', message: '' };

/** Answers every connection with these bytes and ends it. */
async function raw(answer: string): Promise<number> {
  const { port } = await serveTcp((client) => {
    client.once('data', () => client.end(answer));
  });
  return port;
}

/** The headers and the path of a probe's request, as they came. */
async function asked(
  given: Partial<Parameters<typeof httpGet>[0]>,
): Promise<{ url: string; headers: IncomingHttpHeaders; raw: string[]; port: number }> {
  const seen: { url: string; headers: IncomingHttpHeaders; raw: string[] }[] = [];
  const { port } = await serveHttp(({ url = '', headers, rawHeaders }, response) => {
    seen.push({ url, headers, raw: rawHeaders });
    response.end();
  });
  expect(await httpOutcome({ port, ...given })).toEqual(SUCCESSFUL);
  return { ...seen[0]!, port };
}

describe('the status', () => {
  test.each([200, 204, 299, 300, 304, 399])('%d is successful', async (status) => {
    const { port, clients } = await serveHttp((_, response) => response.writeHead(status).end());
    expect(await httpOutcome({ port })).toEqual(SUCCESSFUL);
    await eventually(() => {
      expect(clients.size).toBe(0);
    });
  });

  test.each([400, 404, 500, 503])('%d is a failure', async (status) => {
    const { port } = await serveHttp((_, response) => response.writeHead(status).end('why'));
    expect(await httpOutcome({ port })).toEqual({
      result: 'failed',
      message: `HTTP status ${status}`,
    });
  });

  test('counts after any number of interim answers', async () => {
    const { port } = await serveHttp((_, response) => {
      response.writeContinue();
      response.writeProcessing();
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end();
    });
    expect(await httpOutcome({ port })).toEqual(SUCCESSFUL);
  });

  test('101 without having been asked is a failure', async () => {
    const port = await raw(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nmore',
    );
    expect(await httpOutcome({ port })).toEqual({ result: 'failed', message: 'HTTP status 101' });
  });
});

describe('the request', () => {
  test('is a GET with headers of its own, on a connection of its own', async () => {
    const { url, raw, port } = await asked({});
    expect(url).toBe('/');
    expect(raw).toEqual([
      ...['Host', `127.0.0.1:${port}`],
      ...['User-Agent', `container-supervisor-probe/${version()}`],
      ...['Accept', '*/*'],
      ...['Connection', 'close'],
    ]);
  });

  test('has the headers that are given in the place of its own', async () => {
    const { headers, raw } = await asked({
      headers: [
        { name: 'host', value: 'example.org' },
        { name: 'user-agent', value: 'me' },
        { name: 'accept', value: 'text/plain' },
        { name: 'X-One', value: 'a' },
        { name: 'X-One', value: 'b' },
        { name: 'X-Other', value: 'é' },
      ],
    });
    expect(headers).toMatchObject({
      host: 'example.org',
      'user-agent': 'me',
      accept: 'text/plain',
      'x-one': 'a, b',
    });
    expect(raw.filter((name) => /^host$/i.test(name))).toEqual(['host']);
    expect(Buffer.from(headers['x-other'] as string, 'latin1').toString()).toBe('é');
  });

  test('has its query, and what a request line cannot hold is encoded', async () => {
    const { url } = await asked({ path: '/a%20b/ü x?q=1&r=$(NO)' });
    expect(url).toBe('/a%20b/%C3%BC%20x?q=1&r=$(NO)');
  });

  test('that cannot be made is no fault of the worker', async () => {
    const port = await deadPort();
    const headers = [{ name: 'X-Token', value: 'a\r\nb' }];
    expect(await httpOutcome({ port, headers })).toEqual({
      result: 'unknown',
      message: 'httpGet: cannot make this request: Invalid character in header content ["X-Token"]',
    });
  });

  test('reaches ::1', async () => {
    const hosts: unknown[] = [];
    const { port } = await serveHttp(({ headers }, response) => {
      hosts.push(headers.host);
      response.end();
    }, '::1');
    expect(await httpOutcome({ port, host: '::1' })).toEqual(SUCCESSFUL);
    expect(hosts).toEqual([`[::1]:${port}`]);
  });
});

describe('a connection that is of no use fails', () => {
  test('refused', async () => {
    const port = await deadPort();
    expect(await httpOutcome({ port })).toEqual({
      result: 'failed',
      message: `connection refused (127.0.0.1:${port})`,
    });
  });

  test.each([
    ['closed at once', '', 'connection closed without an answer'],
    ['no HTTP', 'hello\r\n\r\n', /^the answer is not HTTP: .+/],
    ['half a header', 'HTTP/1.1 200 OK\r\nX-', 'connection closed without an answer'],
    [
      'half a body',
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345',
      'connection closed in the middle of the answer',
    ],
    ['bad chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /not HTTP/],
    ['endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`, /not HTTP: .*overflow/i],
  ])('%s', async (_, answer, reason) => {
    const { result, message } = await httpOutcome({ port: await raw(answer) });
    expect(result).toBe('failed');
    expect(message.replace(/ \(127\.0\.0\.1:\d+\)$/, '')).toEqual(
      typeof reason === 'string' ? reason : expect.stringMatching(reason),
    );
  });

  test('reset', async () => {
    const { port } = await serveTcp((client) => {
      client.once('data', () => client.resetAndDestroy());
    });
    expect(await httpOutcome({ port })).toEqual({
      result: 'failed',
      message: `connection reset by peer (127.0.0.1:${port})`,
    });
  });
});

describe('the body', () => {
  test('is read up to 10 KiB where it is huge', async () => {
    const { port, clients } = await serveHttp((_, response) => {
      response.end(Buffer.alloc(64 * 1024 * 1024));
    });
    expect(await httpOutcome({ port })).toEqual(SUCCESSFUL);
    await eventually(() => {
      expect(clients.size).toBe(0);
    });
  });

  test('does not matter where the status says it all', async () => {
    const { port, clients } = await serveHttp((_, response) => {
      response.writeHead(500).write('never ends');
    });
    expect(await httpOutcome({ port })).toEqual({ result: 'failed', message: 'HTTP status 500' });
    await eventually(() => {
      expect(clients.size).toBe(0);
    });
  });

  test('that flows and never ends is no reason to wait', async () => {
    const { port, clients } = await serveHttp((_, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(500), () => setImmediate(more));
      };
      more();
    });
    expect(await httpOutcome({ port })).toEqual(SUCCESSFUL);
    await eventually(() => {
      expect(clients.size).toBe(0);
    });
  });
});

describe('a probe that is ended lets go and says nothing', () => {
  test.each([
    ['without an answer', ''],
    ['with half a header', 'HTTP/1.1 200 OK\r\nX-'],
    ['with half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'],
  ])('%s', async (_, answer) => {
    let requests = 0;
    const { port, clients } = await serveTcp((client) => {
      client.once('data', () => {
        client.write(answer, () => (requests += 1));
      });
    });
    await endOnce(
      (done) => probeHttp(httpGet({ port }), done),
      () => {
        expect(requests).toBe(1);
      },
      () => {
        expect(clients.size).toBe(0);
      },
    );
  });

  test('before it has connected', async () => {
    const { port } = await serveTcp(() => undefined);
    await endOnce(
      (done) => probeHttp(httpGet({ port }), done),
      () => undefined,
      () => httpOutcome({ port: 1 }).then(() => undefined),
    );
  });

  test('amid the handshake of TLS', async () => {
    const { port, clients } = await serveTcp((client) => client.resume());
    await endOnce(
      (done) => probeHttp(httpGet({ port, scheme: 'HTTPS' }), done),
      () => {
        expect([...clients].map(({ bytesRead }) => bytesRead > 0)).toEqual([true]);
      },
      () => {
        expect(clients.size).toBe(0);
      },
    );
  });
});

describe('HTTPS', () => {
  test('believes any certificate', async () => {
    const { port } = await serveHttps((_, response) => response.end());
    expect(await httpOutcome({ port, scheme: 'HTTPS' })).toEqual(SUCCESSFUL);
    expect(await httpOutcome({ port, scheme: 'HTTPS', host: 'localhost' })).toEqual(SUCCESSFUL);
  });

  test('fails where there is no TLS', async () => {
    const { port } = await serveHttp((_, response) => response.end());
    const { result, message } = await httpOutcome({ port, scheme: 'HTTPS' });
    expect(result).toBe('failed');
    expect(message).toMatch(/^TLS failed: [^:]+ \(127\.0\.0\.1:\d+\)$/);
  });

  test('fails where the other side goes away', async () => {
    const { port } = await serveTcp((client) => client.end());
    const { result } = await httpOutcome({ port, scheme: 'HTTPS' });
    expect(result).toBe('failed');
  });
});

describe('a redirect', () => {
  /** Answers "/" with it, and anything else with 404 but for "/here" with 200. */
  async function redirected(location: string, status = 302, host?: string): Promise<unknown> {
    const hosts: (string | undefined)[] = [];
    const { port } = await serveHttp(({ url, headers }, response) => {
      if (url === '/') {
        response.writeHead(status, { location: location.replace('PORT', String(port)) }).end();
      } else {
        hosts.push(headers.host === `127.0.0.1:${port}` ? 'own' : headers.host);
        response.writeHead(url === '/here?q=1' ? 200 : 404).end();
      }
    });
    const headers = host === undefined ? [] : [{ name: 'Host', value: host }];
    const { result, message } = await httpOutcome({ port, headers });
    return { result, message, hosts };
  }

  test.each([301, 302, 303, 307, 308])('%d to the same host is followed', async (status) => {
    const followed = { result: 'successful', message: '', hosts: ['own'] };
    expect(await redirected('/here?q=1', status)).toEqual(followed);
    expect(await redirected('http://127.0.0.1:PORT/here?q=1', status)).toEqual(followed);
    const lost = { result: 'failed', message: 'HTTP status 404', hosts: ['own'] };
    expect(await redirected('/away', status)).toEqual(lost);
  });

  test('keeps a Host header where it is relative, and only then', async () => {
    expect(await redirected('/here?q=1', 302, 'a.b')).toMatchObject({ hosts: ['a.b'] });
    expect(await redirected('http://127.0.0.1:PORT/here?q=1', 302, 'a.b')).toMatchObject({
      result: 'successful',
      hosts: ['own'],
    });
  });

  test('to another host is successful and not followed', async () => {
    expect(await redirected('http://localhost:PORT/here')).toEqual({ ...SUCCESSFUL, hosts: [] });
    expect(await redirected('//example.invalid/')).toEqual({ ...SUCCESSFUL, hosts: [] });
  });

  test('from HTTP to HTTPS and from port to port is followed', async () => {
    const to = await serveHttps((_, response) => response.writeHead(418).end());
    expect(await redirected(`https://127.0.0.1:${to.port}/`)).toMatchObject({
      message: 'HTTP status 418',
    });
  });

  test('that leads nowhere fails', async () => {
    expect(await redirected('http://[')).toMatchObject({
      result: 'failed',
      message: 'HTTP status 302 with a bad Location: "http://["',
    });
    expect(await redirected('ftp://127.0.0.1/')).toMatchObject({
      message: 'HTTP status 302 with a bad Location: "ftp://127.0.0.1/"',
    });
  });

  test('without a Location is successful', async () => {
    const { port } = await serveHttp((_, response) => response.writeHead(302).end());
    expect(await httpOutcome({ port })).toEqual(SUCCESSFUL);
  });

  test('that never ends fails after ten requests', async () => {
    let requests = 0;
    const { port } = await serveHttp((_, response) => {
      requests += 1;
      response.writeHead(302, { location: '/' }).end();
    });
    expect(await httpOutcome({ port })).toEqual({
      result: 'failed',
      message: 'stopped after 10 redirects',
    });
    expect(requests).toBe(10);
  });

  test('can be ended where it has led to', async () => {
    let isThere = false;
    const { port, clients } = await serveHttp(({ url }, response) => {
      if (url === '/') response.writeHead(302, { location: '/there' }).end();
      else isThere = true;
    });
    await endOnce(
      (done) => probeHttp(httpGet({ port }), done),
      () => {
        expect(isThere).toBe(true);
      },
      () => {
        expect(clients.size).toBe(0);
      },
    );
  });
});

test('nothing of a probe is left behind', async () => {
  const { port } = await serveHttp((_, response) => response.end());
  const handles = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Timeout/.test(name)).length;
  const before = handles();
  await Promise.all(Array.from({ length: 50 }, () => httpOutcome({ port })));
  await eventually(() => {
    expect(handles()).toBeLessThanOrEqual(before);
  });
});
