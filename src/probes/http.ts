import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { version } from '../version.ts';
import type { HttpGetAction } from './action.ts';
import { authorityOf, outcomeOfFault } from './fault.ts';
import { failed, later, once, SUCCESSFUL, unknown } from './outcome.ts';
import type { Done, End, ProbeOutcome } from './outcome.ts';
import { connectTls } from './tls.ts';

const USER_AGENT = `container-supervisor-probe/${version()}`;

/** Bytes of a body after which it is not waited for any longer. */
const MOST_BYTES = 10 * 1024;

/** How many requests a probe makes where it is redirected again and again. */
const MOST_REQUESTS = 10;

/** Those with a `Location` to go to. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

/**
 * Makes a GET request, as the kubelet does: successful is a status from 200 to 399, a redirect to the same
 * host is followed, one to another host is successful, and certificates are not verified.
 */
export function probeHttp(action: HttpGetAction, done: Done): End {
  let requests = 0;
  let end: End;
  const ask = (asked: HttpGetAction): void => {
    requests += 1;
    end = exchange(asked, (answer) => {
      const next = 'result' in answer ? answer : judge(asked, answer);
      if ('result' in next) done(next);
      else if (requests === MOST_REQUESTS) done(failed(`stopped after ${requests} redirects`));
      else ask(next);
    });
  };
  ask(action);
  return () => {
    end();
  };
}

/** @returns what is to be asked next, where the answer is a redirect that is followed */
function judge(asked: HttpGetAction, { status, location }: Answer): ProbeOutcome | HttpGetAction {
  if (status < 200 || status > 399) return failed(`HTTP status ${status}`);
  if (!REDIRECTS.has(status) || location === undefined) return SUCCESSFUL;
  const base = `${asked.scheme.toLowerCase()}://${authorityOf(asked)}${asked.path}`;
  const bad = failed(`HTTP status ${status} with a bad Location: ${JSON.stringify(location)}`);
  if (!URL.canParse(location, base)) return bad;
  const { protocol, hostname, port, pathname, search } = new URL(location, base);
  if (hostname !== new URL(base).hostname) return SUCCESSFUL;
  if (protocol !== 'http:' && protocol !== 'https:') return bad;
  const isTls = protocol === 'https:';
  return {
    ...asked,
    scheme: isTls ? 'HTTPS' : 'HTTP',
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    path: `${pathname}${search}`,
    // another name of the host was meant for the first URL
    headers: URL.canParse(location) ? without(asked.headers, 'host') : asked.headers,
  };
}

/** One request on a connection of its own. */
function exchange(asked: HttpGetAction, done: (answer: Answer | ProbeOutcome) => void): End {
  let socket: Socket | undefined;
  const { settle, end } = once(done, () => {
    socket?.destroy();
  });
  const fail = (error: Error): void => {
    settle(outcomeOfFault(error, asked));
  };
  const createConnection = (): Socket => {
    socket = asked.scheme === 'HTTPS' ? connectTls(asked) : connect(asked.port, asked.host);
    // also once the request does not listen to it any more
    return socket.on('error', fail);
  };
  try {
    // what a request line cannot hold
    const path = asked.path.replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
    request({ path, headers: headersOf(asked), createConnection })
      .on('error', fail)
      .on('upgrade', (response) => {
        settle(answerOf(response));
      })
      .on('response', (response) => {
        response.on('error', fail);
        read(response, settle);
      })
      .end();
  } catch (error) {
    return later(unknown(`httpGet: cannot make this request: ${(error as Error).message}`), settle);
  }
  return end;
}

/** Only an answer that may be successful is read, and no more of it than it takes to trust it. */
function read(response: IncomingMessage, settle: (answer: Answer) => void): void {
  const answer = answerOf(response);
  if (answer.status < 200 || answer.status > 299) {
    settle(answer);
    return;
  }
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length >= MOST_BYTES) settle(answer);
  });
  response.once('end', () => {
    settle(answer);
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): Answer {
  return { status: statusCode, location: headers.location };
}

/** Names and values by turns. An empty value takes a default away, as for the kubelet. */
function headersOf(asked: HttpGetAction): string[] {
  const defaults = [
    { name: 'Host', value: authorityOf(asked) },
    { name: 'User-Agent', value: USER_AGENT },
    { name: 'Accept', value: '*/*' },
    { name: 'Connection', value: 'close' },
  ];
  const given = new Set(asked.headers.map(({ name }) => name.toLowerCase()));
  const absent = defaults.filter(({ name }) => !given.has(name.toLowerCase()));
  const present = asked.headers.filter(
    ({ name, value }) => value !== '' || !defaults.some((each) => isSame(each.name, name)),
  );
  // Node writes headers in latin1: in this way their bytes are those of UTF-8
  return [...absent, ...present].flatMap(({ name, value }) => [
    name,
    Buffer.from(value).toString('latin1'),
  ]);
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function without(headers: HttpGetAction['headers'], unwanted: string): HttpGetAction['headers'] {
  return headers.filter(({ name }) => name.toLowerCase() !== unwanted);
}
