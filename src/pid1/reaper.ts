import { isOwnChild } from './children.ts';
import type { Libc } from '../system/libc.ts';

/** How many processes are reaped in one turn of the event loop; each takes some 20 to 60 µs. */
const CHUNK = 256;

/** Is told how many adopted processes were reaped. */
export type ReapListener = (count: number) => void;

/**
 * Reaps every adopted process, and never a child of Node's own, whose status is libuv's to collect: a
 * dead child is first looked at without being taken, and left alone if it is ours.
 *
 * SIGCHLD coalesces, so each one leads to a look at all there is.
 *
 * @returns what undoes it
 */
export function startReaper(libc: Libc, listener: ReapListener): () => void {
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    // after libuv has collected its own in this turn
    setImmediate(() => {
      scheduled = false;
      if (reapChunk(libc, listener)) schedule();
    });
  };
  process.on('SIGCHLD', schedule);
  schedule();
  return () => {
    process.off('SIGCHLD', schedule);
  };
}

/** @returns whether there may be more to do in another turn */
function reapChunk(libc: Libc, listener: ReapListener): boolean {
  let count = 0;
  let more = true;
  while (more && count < CHUNK) {
    const pid = libc.peekDeadChild();
    if (pid === 0) more = false;
    else if (isOwnChild(pid) || !libc.reap(pid)) break;
    else count += 1;
  }
  if (count > 0) listener(count);
  return more;
}
