import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';

import { ListenError } from '../observe/listen.ts';

/** All but the owner's right to connect. */
const OTHERS = 0o177;

/** A socket that is listened on. */
export interface SocketListener {
  /** Takes no new client, and removes the path; those clients that are there are not touched. */
  close(): void;
}

/**
 * Listens on a Unix socket that only its owner and root can connect to. One that a dead supervisor has left
 * behind is replaced; nothing else is ever deleted.
 *
 * @param path - a relative one starts at the working directory; at most 107 bytes, as the configuration is checked for
 * @param accept - takes a new client
 * @throws ListenError if the path is taken or cannot be had
 */
export async function listenOnSocket(
  path: string,
  accept: (client: Socket) => void,
): Promise<SocketListener> {
  // who has asked may have ended its side already
  const server = createServer({ allowHalfOpen: true }, accept);
  try {
    await bind(server, path);
  } catch (error) {
    throw error instanceof ListenError ? error : explain(error as NodeJS.ErrnoException, path);
  }
  // a server that cannot accept for a while (no descriptors left) must not end the supervisor
  server.on('error', () => undefined);
  return {
    close: () => {
      server.close();
    },
  };
}

async function bind(server: Server, path: string): Promise<void> {
  try {
    await tryBind(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await removeStale(path);
    await tryBind(server, path);
  }
}

/** The socket has its mode from its first instant: Node binds within the call. */
function tryBind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = (): void => {
      server.off('error', reject);
      resolve();
    };
    server.once('error', (error) => {
      server.off('listening', onListening);
      reject(error);
    });
    const before = process.umask(OTHERS);
    try {
      server.listen(path, onListening);
    } finally {
      process.umask(before);
    }
  });
}

/** @throws ListenError unless it is a socket on which nobody listens */
async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new ListenError(
      `/control/socket: expected a socket or nothing at ${JSON.stringify(path)}, found something else; remove it, or choose another path with --socket`,
    );
  }
  const code = await connectTo(path);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') throw taken(path);
  unlinkSync(path);
}

/** @returns the code of the error, or null where somebody listens */
function connectTo(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const client = connect(path, () => {
      client.destroy();
      resolve(null);
    });
    client.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code ?? '');
    });
  });
}

function taken(path: string): ListenError {
  return new ListenError(
    `/control/socket: expected a path that nobody listens on, found ${JSON.stringify(path)} in use; choose another with --socket`,
  );
}

function explain(error: NodeJS.ErrnoException, path: string): ListenError {
  const { message } = error;
  // of a directory that does not exist Node says that it may not be written to
  const code = error.code === 'EACCES' && isAbsent(dirname(path)) ? 'ENOENT' : error.code;
  const found = `found ${JSON.stringify(path)}`;
  switch (code) {
    case 'EADDRINUSE':
      return taken(path);
    case 'EACCES':
    case 'EPERM':
      return new ListenError(
        `/control/socket: expected a path in a directory that this user may write to, ${found} (${code}); choose another with --socket`,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new ListenError(
        `/control/socket: expected a path in a directory that exists, ${found} (${code}); create the directory, or choose another path with --socket`,
      );
    case 'EROFS':
      return new ListenError(
        `/control/socket: expected a path on a file system that can be written to, ${found} (${code}); choose another with --socket, or mount a volume there`,
      );
    default:
      return new ListenError(
        `/control/socket: cannot listen on ${JSON.stringify(path)}: ${message}`,
      );
  }
}

function isAbsent(directory: string): boolean {
  try {
    return statSync(directory, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
