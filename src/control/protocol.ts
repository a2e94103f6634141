import { show } from '../config/problem.ts';
import { MOST_WORKERS } from '../core/operation.ts';
import type { Operation, OperationResult } from '../core/operation.ts';
import type { StatusDocument } from '../observe/status.ts';

/** Bytes of the longest request, its end of line included. */
export const MAX_REQUEST = 4096;

/** What is asked on the control socket: one line of JSON, one for each connection. */
export type Request =
  | { readonly command: 'status' }
  | { readonly command: 'scale'; readonly workers: number; readonly wait: boolean }
  /** All workers where it is null. */
  | { readonly command: 'restart'; readonly worker: number | null; readonly wait: boolean }
  | { readonly command: 'reload' | 'stop'; readonly wait: boolean };

/** A request that changes something. */
export type OperationRequest = Exclude<Request, { readonly command: 'status' }>;

/** What is answered: one line of JSON, after which the connection is closed. */
export type Answer =
  OperationResult | { readonly outcome: 'done'; readonly status: StatusDocument };

/** One line. */
export function encode(message: Request | Answer): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * Reads a request.
 *
 * @param line - without its end
 * @throws Error that says what was expected and what was found
 */
export function parseRequest(line: string): Request {
  const data = objectOf(line);
  const { command } = data;
  switch (command) {
    case 'status':
      onlyKeys(data, ['command']);
      return { command };
    case 'scale':
      onlyKeys(data, ['command', 'workers', 'wait']);
      return { command, workers: workersOf(data), wait: waitOf(data) };
    case 'restart':
      onlyKeys(data, ['command', 'worker', 'wait']);
      return { command, worker: workerOf(data), wait: waitOf(data) };
    case 'reload':
    case 'stop':
      onlyKeys(data, ['command', 'wait']);
      return { command, wait: waitOf(data) };
    default:
      throw unexpected('command', 'status, scale, restart, reload or stop', command);
  }
}

/** What a request asks the supervisor to do. */
export function operationOf(request: OperationRequest): Operation {
  switch (request.command) {
    case 'scale':
      return { type: 'scale', workers: request.workers };
    case 'restart':
      return { type: 'restart', worker: request.worker };
    case 'reload':
    case 'stop':
      return { type: request.command };
  }
}

/**
 * Reads an answer.
 *
 * @param line - without its end
 * @throws Error that says what was expected and what was found
 */
export function parseAnswer(line: string): Answer {
  const data = objectOf(line);
  const { outcome, message, status } = data;
  const isKnown = outcome === 'done' || outcome === 'refused' || outcome === 'aborted';
  if (!isKnown) throw unexpected('outcome', 'done, refused or aborted', outcome);
  if (typeof message === 'string') return { outcome, message };
  if (outcome !== 'done' || typeof status !== 'object' || status === null) {
    throw unexpected('message', 'a string', message);
  }
  return { outcome, status: status as StatusDocument };
}

type Data = Readonly<Record<string, unknown>>;

function objectOf(line: string): Data {
  const data = parseJson(line);
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Data;
  throw new Error(`expected an object of JSON, found ${show(data)}`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`expected a line of JSON, found ${show(line)}`);
  }
}

function onlyKeys(data: Data, keys: readonly string[]): void {
  const other = Object.keys(data).find((key) => !keys.includes(key));
  if (other !== undefined)
    throw new Error(`expected only ${keys.join(', ')}, found ${show(other)}`);
}

function workersOf({ workers }: Data): number {
  if (isIndex(workers) && workers <= MOST_WORKERS) return workers;
  throw unexpected('workers', `an integer from 0 to ${MOST_WORKERS}`, workers);
}

function workerOf({ worker }: Data): number | null {
  if (worker === null || isIndex(worker)) return worker;
  throw unexpected('worker', 'an integer ≥ 0 or null', worker);
}

function waitOf({ wait }: Data): boolean {
  if (typeof wait === 'boolean') return wait;
  throw unexpected('wait', 'true or false', wait);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unexpected(key: string, expected: string, found: unknown): Error {
  return new Error(`${key}: expected ${expected}, found ${show(found)}`);
}
