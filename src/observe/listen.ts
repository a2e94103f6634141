import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import type { Config } from '../config/generated.ts';

/** The port or the address cannot be had. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Whether it is one. Each part of the program that is loaded late has a class of its own by that name. */
export function isListenError(error: unknown): error is ListenError {
  return error instanceof Error && error.name === 'ListenError';
}

/** A port that is listened on. */
export interface Listener {
  /** Where, as a URL. */
  readonly url: string;
  readonly port: number;
  /** Takes no new client; those that are there are not touched. */
  close(): void;
}

/**
 * Listens; on `::` that is both families, and 0.0.0.0 where there is no IPv6.
 *
 * @param accept - takes a new client
 * @throws ListenError if the port is taken or the address is not ours
 */
export async function listen(
  { host, port }: Pick<Config['metrics'], 'host' | 'port'>,
  accept: (client: Socket) => void,
): Promise<Listener> {
  // as Node's own server of HTTP is
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  try {
    await listenOn(server, host, port);
  } catch (error) {
    throw new ListenError(explain(error as NodeJS.ErrnoException, host, port));
  }
  // a server that cannot accept for a while (no descriptors left) must not end the supervisor
  server.on('error', () => undefined);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close: () => {
      server.close();
    },
  };
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const onListening = (): void => {
      server.off('error', reject);
      resolve();
    };
    // for an address, Node loads its resolver first; without one it takes `::`, or else 0.0.0.0
    if (host === '::') server.listen(port, onListening);
    else server.listen(port, host, onListening);
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
