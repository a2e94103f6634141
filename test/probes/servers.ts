import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { afterEach, expect } from '@jest/globals';

import type { HttpGetAction } from '../../src/probes/action.ts';
import { probeHttp } from '../../src/probes/http.ts';
import type { Done, End, ProbeOutcome } from '../../src/probes/outcome.ts';
import { selfSigned } from '../helpers/certificate.ts';
import { eventually } from '../helpers/eventually.ts';

const servers: Server[] = [];
const clients = new Set<Socket>();

afterEach(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(
    servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
  );
});

/** What listens, until the test is over. */
export interface Served {
  readonly port: number;
  /** Its side of the connections that are open. */
  readonly clients: ReadonlySet<Socket>;
}

async function listening(server: Server, host = '127.0.0.1'): Promise<Served> {
  const own = new Set<Socket>();
  server.on('connection', (client: Socket) => {
    own.add(client);
    clients.add(client);
    client.on('error', () => undefined);
    client.once('close', () => {
      own.delete(client);
      clients.delete(client);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, resolve);
  });
  servers.push(server);
  return { port: (server.address() as AddressInfo).port, clients: own };
}

export function serveHttp(listener: RequestListener, host?: string): Promise<Served> {
  return listening(createServer(listener), host);
}

/** With a certificate that nobody vouches for. */
export function serveHttps(listener: RequestListener): Promise<Served> {
  return listening(createHttpsServer(selfSigned(), listener));
}

export function serveTcp(listener: (client: Socket) => void): Promise<Served> {
  return listening(createTcpServer(listener));
}

/** A port where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer();
  const { port } = await listening(server);
  servers.splice(servers.indexOf(server), 1);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A GET of "/" at 127.0.0.1, but for what is given. */
export function httpGet(given: Partial<HttpGetAction> & { readonly port: number }): HttpGetAction {
  const { path = '/', headers = [] } = given;
  return { type: 'httpGet', host: '127.0.0.1', scheme: 'HTTP', ...given, path, headers };
}

/** The outcome of a probe. */
export function outcomeOf(begin: (done: Done) => End): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    let hasReturned = false;
    begin((outcome) => {
      expect(hasReturned).toBe(true);
      resolve(outcome);
    });
    hasReturned = true;
  });
}

export function httpOutcome(
  given: Partial<HttpGetAction> & { readonly port: number },
): Promise<ProbeOutcome> {
  return outcomeOf((done) => probeHttp(httpGet(given), done));
}

/** Ends a probe once the condition holds; it must let go of everything and tell nothing. */
export async function endOnce(
  begin: (done: Done) => End,
  condition: () => void | Promise<void>,
  isReleased: () => void | Promise<void>,
): Promise<void> {
  const told: ProbeOutcome[] = [];
  const end = begin((outcome) => told.push(outcome));
  await eventually(condition);
  end();
  await eventually(isReleased);
  // a turn of the loop for what was under way
  await new Promise((resolve) => setImmediate(resolve));
  end();
  expect(told).toEqual([]);
}
