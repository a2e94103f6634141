import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { encode, parseAnswer } from './protocol.ts';
import type { Answer, Request } from './protocol.ts';

/** No supervisor listens on the socket, or it has ended before it could answer. */
export class NobodyThere extends Error {
  override readonly name = 'NobodyThere';
}

/** Where there is no socket, or nobody behind it. */
const ABSENT = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'];

/** What a supervisor has answered. */
export interface Reply {
  readonly answer: Answer;
  /**
   * Still open, and no reason for this process to live on. By its close the supervisor knows that the answer has been
   * told: as the PID 1 of a container its own end kills whoever asked in there. To be closed by a process that asks
   * more than once.
   */
  readonly connection: Socket;
}

/**
 * Asks the supervisor that listens on a control socket. To wait for the end of an operation has no time
 * limit.
 *
 * @throws NobodyThere if no supervisor listens there, or it ends without an answer; Error if it may not be
 *   asked, or what it answers cannot be understood
 */
export async function request(path: string, asked: Request): Promise<Reply> {
  const { line, connection } = await exchange(path, encode(asked));
  try {
    return { answer: parseAnswer(line), connection };
  } catch (error) {
    connection.destroy();
    const { message } = error as Error;
    throw new Error(`${path}: the answer is not that of a supervisor: ${message}`, {
      cause: error,
    });
  }
}

/** @returns the answer without its end */
function exchange(path: string, asked: string): Promise<{ line: string; connection: Socket }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const connection = connect({ path, allowHalfOpen: true });
    connection.on('data', (chunk) => chunks.push(chunk));
    connection.on('error', (error: NodeJS.ErrnoException) => {
      reject(explain(error, path));
    });
    // whoever is there ends its side after the answer
    connection.once('end', () => {
      connection.unref();
      const answer = Buffer.concat(chunks).toString('utf8');
      if (answer.endsWith('\n')) {
        resolve({ line: answer.slice(0, -1), connection });
        return;
      }
      connection.destroy();
      reject(new NobodyThere(`${path}: the supervisor has ended without an answer`));
    });
    connection.write(asked);
  });
}

function explain({ code, message }: NodeJS.ErrnoException, path: string): Error {
  if (code !== undefined && ABSENT.includes(code)) {
    return new NobodyThere(`${path}: no supervisor listens there (${code})`);
  }
  if (code === 'EPIPE' || code === 'ECONNRESET') {
    return new NobodyThere(`${path}: the supervisor has ended without an answer (${code})`);
  }
  if (code === 'EACCES') {
    return new Error(
      `${path}: only the owner of the socket and root may ask (EACCES); run this as the supervisor's user`,
    );
  }
  return new Error(`${path}: cannot connect: ${code ?? message}`);
}
