import { isIPv6 } from 'node:net';
import { getSystemErrorMap } from 'node:util';

import type { Address } from './action.ts';
import { failed, unknown } from './outcome.ts';
import type { ProbeOutcome } from './outcome.ts';

/** Errors of a lack on this side, before anybody was asked. */
const OWN_LACKS: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);

/** An error of a connection or of what came out of it. */
interface Fault extends NodeJS.ErrnoException {
  /** One for each address of a name. */
  readonly errors?: readonly Fault[];
}

/** As it is in a URL and in a `Host` header. */
export function authorityOf({ host, port }: Address): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** What a probe has come to whose connection to that address is of no use. */
export function outcomeOfFault(fault: Fault, address: Address): ProbeOutcome {
  const first = fault.errors?.[0] ?? fault;
  const message = `${reasonOf(first)} (${authorityOf(address)})`;
  return OWN_LACKS.has(first.code ?? '') ? unknown(message) : failed(message);
}

function reasonOf({ code = '', errno, message }: Fault): string {
  // as OpenSSL puts it: error:NUMBER:LIBRARY:FUNCTION:REASON:…
  const [, reason] = /:SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  if (code.startsWith('HPE_')) return `the answer is not HTTP: ${message}`;
  if (reason !== undefined) return `TLS failed: ${reason}`;
  if (code === 'ENOTFOUND') return 'the host was not found';
  // Node's own, of a connection that has ended
  if (message === 'socket hang up') return 'connection closed without an answer';
  if (message === 'aborted') return 'connection closed in the middle of the answer';
  const [, text = message] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return text;
}
