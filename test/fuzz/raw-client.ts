import { connect } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';

/** What a client does: it sends these pieces, one a turn, and then does this. */
export interface Behaviour {
  readonly pieces: readonly Buffer[];
  /** Says that nothing more comes, goes without a word, stays for as long as it may, or takes no answer either. */
  readonly then: 'end' | 'go' | 'stay' | 'stall';
}

/** Milliseconds that a client which stays waits for an answer; most are there within one. */
const PATIENCE = 20;

/** Cuts bytes anywhere. */
export function behaviourOf(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Behaviour> {
  return fc
    .tuple(
      bytes,
      fc.array(fc.nat(10_000), { maxLength: 3 }),
      fc.constantFrom('end', 'end', 'go', 'stay', 'stall'),
    )
    .map(([all, cuts, then]) => {
      const places = cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b);
      const pieces = [0, ...places].map((from, n) => all.subarray(from, places[n] ?? all.length));
      return { pieces, then };
    });
}

/** Behaves so, and comes back with what was answered by then; null where it did not want an answer. */
export async function behave(
  where: NetConnectOpts,
  { pieces, then }: Behaviour,
): Promise<Buffer | null> {
  const client = connect({ ...where, allowHalfOpen: true });
  const received: Buffer[] = [];
  client.on('error', () => undefined);
  if (then !== 'stall') client.on('data', (chunk: Buffer) => received.push(chunk));
  for (const piece of pieces) {
    client.write(piece);
    await turn();
  }
  if (then === 'end') client.end();
  if (then !== 'go') await closed(client);
  client.destroy();
  return then === 'end' ? Buffer.concat(received) : null;
}

/** Resolves when the other side has nothing more to say, or after some time. */
function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    client.once('end', done).once('close', done);
  });
}
