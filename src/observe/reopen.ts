import { constants, openSync } from 'node:fs';

/**
 * Opens the file behind a descriptor once more, non-blocking, as a description of our own.
 *
 * @returns null where that cannot be done: for a socket, and after a change of user
 */
export function reopen(descriptor: number): number | null {
  const { O_WRONLY, O_NONBLOCK, O_APPEND, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY);
  } catch {
    return null;
  }
}
