import type { Server } from 'node:http';

/** The port or the address cannot be had. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Listens; where there is no IPv6, `::` is `0.0.0.0`.
 *
 * @throws ListenError if the port is taken or the address is not ours
 */
export async function listen(server: Server, host: string, port: number): Promise<void> {
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
