/** What a write has come to: how many bytes, or to be tried again, or nobody will ever read. */
type Written = number | 'again' | 'gone';

/** A write that does not wait for its reader. */
export type Write = (data: Buffer) => Written;

/**
 * Whether a write that failed so may be tried again: a full disk may pass like a full pipe; a reader that has gone,
 * or a terminal that has hung up, does not come back.
 */
export function isPassing({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'ENOSPC' || code === 'EINTR';
}
