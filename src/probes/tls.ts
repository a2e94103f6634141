import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

import type { Address } from './action.ts';

let context: SecureContext | undefined;

/** Connects with TLS and believes any certificate. */
export function connectTls({ host, port }: Address): Socket {
  // loaded at the first probe that needs it
  const { connect, createSecureContext } = process.getBuiltinModule('node:tls');
  // nothing is verified, so that the certificates of all authorities need not be read
  context ??= createSecureContext({ ca: [] });
  return connect({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: context,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}
