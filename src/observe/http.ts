import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Connections } from './connections.ts';

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

/** Answers clients over HTTP. */
export interface HttpServer {
  /** Takes a client, which may have asked already. */
  readonly accept: (client: Socket) => void;
  /** Lets all clients go. */
  readonly close: () => void;
}

/** Serves read-only routes: GET and HEAD, 404 for any other path, 405 for any other method. */
export function createHttpServer(routes: ReadonlyMap<string, Route>): HttpServer {
  const connections = new Connections();
  // it gets its clients one by one and does not listen itself, so it has no timer either, with which Node
  // would look for slow clients every 30 s
  const server = createServer((request, response) => {
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
  return {
    accept: (client) => {
      connections.add(client);
      server.emit('connection', client);
    },
    close: () => {
      connections.close();
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
