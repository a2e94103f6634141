import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** The first of so many ports in a row that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const [first] = await tryListening(0, 1);
    const ports = first === undefined ? [] : await tryListening(first, count);
    if (first !== undefined && ports.length === count) return first;
  }
}

/** The ports that could be had, in order; they are free again afterwards. */
async function tryListening(first: number, count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const server = createServer();
      const listening = await new Promise<boolean>((resolve) => {
        server.once('error', () => {
          resolve(false);
        });
        server.listen(first === 0 ? 0 : first + index, () => {
          resolve(true);
        });
      });
      return listening ? server : null;
    }),
  );
  const open = servers.filter((server) => server !== null);
  const ports = open.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(open.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
