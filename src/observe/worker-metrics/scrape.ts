import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';

import type { ExposedFamily } from '../exposition/exposition.ts';
import { ExpositionParser, MalformedError, TooLargeError } from '../exposition/parse.ts';

/** Why a worker's metrics could not be had. */
export type ScrapeError =
  /** Nobody listens there, or the connection broke. */
  | 'connection'
  /** It answered something else than a metrics page in the text format. */
  | 'malformed'
  /** The port of the configuration comes to none for this worker. */
  | 'port'
  /** It answered with another status than 200. */
  | 'status'
  /** It took longer than the scrape may. */
  | 'timeout'
  /** It, or all of them together, answered more than is taken. */
  | 'too_large';

export const SCRAPE_ERRORS: readonly ScrapeError[] = [
  'connection',
  'malformed',
  'port',
  'status',
  'timeout',
  'too_large',
];

export interface ScrapeTarget {
  readonly worker: number;
  /** 1 to 65535; null where the configuration comes to none. */
  readonly port: number | null;
  readonly path: string;
}

export type ScrapeResult =
  | { readonly worker: number; readonly families: readonly ExposedFamily[] }
  | { readonly worker: number; readonly error: ScrapeError };

/** Says no once too much has been read. */
export type Allow = (bytes: number) => boolean;

/** Bytes that one worker may answer. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Asks one worker for its metrics, on the loopback interface. */
export async function scrape(
  { worker, port, path }: ScrapeTarget,
  signal: AbortSignal,
  allow: Allow,
): Promise<ScrapeResult> {
  if (port === null) return { worker, error: 'port' };
  try {
    const response = await request(port, path, signal);
    return { worker, ...(await readAnswer(worker, response, allow)) };
  } catch (error) {
    if (signal.aborted) return { worker, error: 'timeout' };
    return { worker, error: errorOf(error) };
  }
}

function errorOf(error: unknown): ScrapeError {
  if (error instanceof TooLargeError) return 'too_large';
  return error instanceof MalformedError ? 'malformed' : 'connection';
}

function request(port: number, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, signal, agent: false as const };
    const headers = { Accept: 'text/plain; version=0.0.4' };
    get({ ...options, headers }, resolve)
      .on('error', reject)
      // else Node would take the connection away without a word
      .on('upgrade', (_, socket) => {
        socket.destroy();
        reject(new MalformedError('another protocol'));
      });
  });
}

async function readAnswer(
  worker: number,
  response: IncomingMessage,
  allow: Allow,
): Promise<{ error: ScrapeError } | { families: readonly ExposedFamily[] }> {
  if (response.statusCode !== 200) return refuse(response, 'status');
  const parser = new ExpositionParser('worker', String(worker));
  let length = 0;
  response.setEncoding('utf8');
  for await (const text of response as AsyncIterable<string>) {
    length += text.length;
    if (length > MOST_BYTES || !allow(text.length)) return refuse(response, 'too_large');
    parser.push(text);
  }
  return { families: parser.end() };
}

function refuse(response: IncomingMessage, error: ScrapeError): { error: ScrapeError } {
  response.destroy();
  return { error };
}
