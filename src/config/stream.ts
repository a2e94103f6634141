import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as passed } from 'node:timers/promises';

/** Milliseconds: who writes a configuration into a pipe has begun by then. */
const PATIENCE = 5000;

/** Milliseconds between two looks. */
const INTERVAL = 10;

const CHUNK = 64 * 1024;

/**
 * Reads what is no plain file, such as the pipe of a shell's `<(…)`, or /dev/null. To open or read it in the usual way
 * could last for ever, with the loop stopped and no signal heard.
 *
 * @param most - how many bytes it may have
 * @returns null if it has more
 * @throws an error with the system's code; ETIMEDOUT where nobody writes
 */
export async function readStream(path: string, most: number): Promise<string | null> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const end = performance.now() + PATIENCE;
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = readSome(descriptor);
      const isOver = chunk?.length === 0 && (length > 0 || !fstatSync(descriptor).isFIFO());
      if (isOver) return Buffer.concat(chunks).toString('utf8');
      length += chunk?.length ?? 0;
      if (length > most) return null;
      if (chunk !== null && chunk.length > 0) chunks.push(chunk);
      else if (performance.now() < end) await passed(INTERVAL);
      else throw Object.assign(new Error('nobody writes'), { code: 'ETIMEDOUT' });
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Null where nothing has come yet; empty at the end, and where nobody has the other end of a pipe yet. */
function readSome(descriptor: number): Buffer | null {
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    return buffer.subarray(0, readSync(descriptor, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
    throw error;
  }
}
