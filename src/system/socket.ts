import { bindLibc } from './libc.ts';
import type { Write } from './write.ts';

/** A write to a socket that does not wait for its reader. */
export async function sendTo(descriptor: number): Promise<Write> {
  const libc = await bindLibc();
  const { EAGAIN, EINTR } = process.getBuiltinModule('node:os').constants.errno;
  return (data) => {
    const sent = libc.sendNow(descriptor, data);
    if (sent >= 0) return sent;
    return -sent === EAGAIN || -sent === EINTR ? 'again' : 'gone';
  };
}
