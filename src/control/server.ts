import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';

import { atMost } from '../loop/at-most.ts';
import type { Operation, OperationResult } from '../core/operation.ts';
import { Connections } from '../observe/connections.ts';
import type { StatusDocument } from '../observe/status.ts';
import { encode, MAX_REQUEST, operationOf, parseRequest } from './protocol.ts';
import type { Answer } from './protocol.ts';

/** Seconds that clients have, at the end, to take their answers, and to end before they are killed with a container. */
const FLUSH_TIME = 0.5;

const NEWLINE = 0x0a;

/** What the control socket operates. */
export interface Operator {
  /** How everything stands. */
  status(): StatusDocument;
  /**
   * Does what is asked.
   *
   * @param wait - whether the result is that of the end, or of the beginning
   */
  operate(operation: Operation, wait: boolean): Promise<OperationResult>;
}

/** Answers the clients of the control socket. */
export interface ControlServer {
  /** Takes a client, which may have asked already. */
  readonly accept: (client: Socket) => void;
  /** Gives the clients 500 ms to take the answers that are due and to close, and lets all of them go. */
  readonly close: () => Promise<void>;
}

/** Answers one request of each client. Whatever clients do, nothing is thrown. */
export function createControlServer(operator: Operator): ControlServer {
  const connections = new Connections();
  const taking = new Set<Promise<void>>();
  let isOpen = true;
  const serve = async (client: Socket): Promise<void> => {
    const request = await read(client);
    if (request === null || !connections.answering(client)) return;
    const answer = await answerTo(request, operator);
    if (client.destroyed) return;
    connections.takes(client);
    const taken = write(client, answer).then(() => {
      taking.delete(taken);
    });
    taking.add(taken);
  };
  return {
    accept: (client) => {
      client.on('error', () => undefined);
      if (!isOpen) {
        client.destroy();
        return;
      }
      connections.add(client);
      void serve(client);
    },
    close: async () => {
      isOpen = false;
      // the results that have just come are made into answers
      await new Promise((resolve) => setImmediate(resolve));
      await atMost(FLUSH_TIME, Promise.all(taking));
      connections.close();
    },
  };
}

/**
 * Reads the first line, and nothing more of a client that has sent it.
 *
 * @returns as much as has come of a line that is too long or has no end; null if the client has gone
 */
function read(client: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (): void => {
      client.off('data', onData).off('end', done);
      client.pause();
      resolve(Buffer.concat(chunks));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (chunk.includes(NEWLINE) || length > MAX_REQUEST) done();
    };
    client.on('data', onData);
    client.once('end', done);
    client.once('close', () => {
      resolve(null);
    });
  });
}

async function answerTo(received: Buffer, operator: Operator): Promise<Answer> {
  let request;
  try {
    request = parseRequest(lineOf(received));
  } catch (error) {
    return { outcome: 'refused', message: messageOf(error) };
  }
  try {
    if (request.command === 'status') return { outcome: 'done', status: operator.status() };
    return await operator.operate(operationOf(request), request.wait);
  } catch (error) {
    return { outcome: 'aborted', message: messageOf(error) };
  }
}

function lineOf(received: Buffer): string {
  const end = received.indexOf(NEWLINE);
  if (end >= MAX_REQUEST || (end === -1 && received.length > MAX_REQUEST)) {
    throw new Error(`expected a line of at most ${MAX_REQUEST} bytes, found more`);
  }
  if (end === -1) throw new Error('expected a line with an end, found none');
  const line = received.subarray(0, end);
  if (!isUtf8(line)) throw new Error('expected a line in UTF-8, found other bytes');
  return line.toString('utf8');
}

/** Resolves when the client has gone, with the answer if it has wanted it. */
function write(client: Socket, answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', () => {
      resolve();
    });
    client.end(encode(answer));
    // its end is seen, whatever it sends before
    client.resume();
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
