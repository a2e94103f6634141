import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Config } from '../config/generated.ts';
import { Connections } from './connections.ts';
import { listen } from './listen.ts';

/** What a route answers. */
export interface Answer {
  readonly status: number;
  /** The media type. */
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a GET; what it throws becomes a 500. It has to come to an end by itself. */
export type Route = (headers: IncomingHttpHeaders) => Answer | Promise<Answer>;

/** A server that is listening. */
export interface HttpServer {
  /** Where, as a URL. */
  readonly url: string;
  readonly port: number;
  close(): void;
}

/** Never: Node would wake an idle supervisor every 30 s to look for slow clients. */
const NO_SWEEP = 2 ** 31 - 1;

/**
 * Serves read-only routes: GET and HEAD, 404 for any other path, 405 for any other method.
 *
 * @throws ListenError if the port is taken or the address is not ours
 */
export async function serveHttp(
  { host, port }: Pick<Config['metrics'], 'host' | 'port'>,
  routes: ReadonlyMap<string, Route>,
): Promise<HttpServer> {
  const connections = new Connections();
  const server = createServer({ connectionsCheckingInterval: NO_SWEEP }, (request, response) => {
    const { socket } = request;
    if (!connections.answering(socket)) {
      socket.destroy();
      return;
    }
    response.once('finish', () => {
      connections.waitFor(socket);
    });
    answer(request, routes)
      .then((result) => {
        connections.takes(socket);
        respond(request, response, result);
      })
      .catch(() => socket.destroy());
  });
  server.on('connection', (socket) => {
    connections.add(socket);
  });
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

async function answer(
  { url = '/', method, headers }: IncomingMessage,
  routes: ReadonlyMap<string, Route>,
): Promise<Answer> {
  const route = routes.get(pathOf(url));
  if (route === undefined) return plain(404, 'not found');
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'method not allowed');
  try {
    return await route(headers);
  } catch (error) {
    return plain(500, error instanceof Error ? error.message : String(error));
  }
}

/** Of the target of a request, which may be a whole URL (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  const [path = ''] = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  return path === '' ? '/' : path;
}

function respond(request: IncomingMessage, response: ServerResponse, result: Answer): void {
  const { status, type, body, headers } = result;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
    // what is left of an unwanted body is not waited for
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { Connection: 'close' }),
  });
  response.end(body);
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}
