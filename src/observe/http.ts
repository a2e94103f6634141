import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { Config } from '../config/generated.ts';

/** What a route answers. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type Route = () => Answer | Promise<Answer>;

/** A server that is listening. */
export interface HttpServer {
  /** Where, as a URL. */
  readonly url: string;
  readonly port: number;
  close(): void;
}

/** Milliseconds that a client has for each of: a whole request, taking the answer, the next request. */
const CLIENT_TIMEOUT = 10_000;

/** More clients than this at once are turned away; a scraper and a kubelet need a handful. */
const MAX_CONNECTIONS = 256;

/** Never: Node would wake an idle supervisor every 30 s to look for slow clients. */
const NO_SWEEP = 2 ** 31 - 1;

/** The port or the address cannot be had. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Serves read-only routes: GET and HEAD, 404 for any other path, 405 for any other method.
 *
 * @throws ListenError if the port is taken or the address is not ours
 */
export async function serveHttp(
  { host, port }: Pick<Config['metrics'], 'host' | 'port'>,
  routes: ReadonlyMap<string, Route>,
): Promise<HttpServer> {
  const server = createServer({ connectionsCheckingInterval: NO_SWEEP }, (request, response) => {
    limitTime(request.socket);
    response.once('finish', () => {
      limitTime(request.socket);
    });
    answer(request, routes).then(
      (result) => {
        respond(request, response, result);
      },
      (error: unknown) => {
        respond(request, response, internalError(error));
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', limitTime);
  await listen(server, host, port);
  // a server that cannot accept for a while (no descriptors left) must not end the supervisor
  server.on('error', () => undefined);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const deadlines = new WeakMap<Socket, NodeJS.Timeout>();

/** Gives the client another CLIENT_TIMEOUT, whatever trickles in meanwhile. */
function limitTime(socket: Socket): void {
  const running = deadlines.get(socket);
  if (running !== undefined) {
    running.refresh();
    return;
  }
  const deadline = setTimeout(() => socket.destroy(), CLIENT_TIMEOUT);
  deadline.unref();
  deadlines.set(socket, deadline);
  socket.once('close', () => {
    clearTimeout(deadline);
  });
}

async function answer(
  { url = '/', method }: IncomingMessage,
  routes: ReadonlyMap<string, Route>,
): Promise<Answer> {
  const route = routes.get(url.split(/[?#]/, 1)[0] ?? '/');
  if (route === undefined) return plain(404, 'not found');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'method not allowed');
  return route();
}

function respond(request: IncomingMessage, response: ServerResponse, result: Answer): void {
  const { status, type, body } = result;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // what is left of an unwanted body is not waited for
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { Connection: 'close' }),
  });
  response.end(body);
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function internalError(error: unknown): Answer {
  return plain(500, error instanceof Error ? error.message : String(error));
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      await listen(server, '0.0.0.0', port);
      return;
    }
    throw new ListenError(explain(error as NodeJS.ErrnoException, host, port));
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `/metrics/port: expected a free port, found ${port} in use; choose another with --metrics-port`;
    case 'EACCES':
      return `/metrics/port: expected a port that this user may listen on, found ${port}; choose one from 1024 up`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `/metrics/host: expected an address of this machine, found ${JSON.stringify(host)}`;
    default:
      return `/metrics: cannot listen on ${host} port ${port}: ${message}`;
  }
}
