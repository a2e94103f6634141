import { connect } from 'node:net';

import type { Address } from './action.ts';
import { outcomeOfFault } from './fault.ts';
import { failed, once, SUCCESSFUL } from './outcome.ts';
import type { Done, End } from './outcome.ts';

/** Connects and closes the connection again. Successful is a connection that can be made. */
export function probeTcp(address: Address, done: Done): End {
  const { host, port } = address;
  const socket = connect({ host, port });
  const { settle, end } = once(done, () => {
    socket.destroy();
  });
  socket.once('connect', () => {
    // where nobody listens, the system may have chosen that very port for this end too
    const isOwnEnd = socket.localPort === port && socket.localAddress === socket.remoteAddress;
    settle(isOwnEnd ? failed(`connection refused (${host}:${port})`) : SUCCESSFUL);
  });
  socket.on('error', (error) => {
    settle(outcomeOfFault(error, address));
  });
  return end;
}
