/** What Node has of a pipe or a socket, as `setBlocking` of libuv's `uv_stream_t`; it is not documented. */
interface WithHandle {
  readonly _handle?: { setBlocking?: (isBlocking: boolean) => unknown } | null;
}

/**
 * Lets standard error stay blocking when Node opens `process.stderr`, which it does by itself when a socket is closed.
 * That would make a pipe non-blocking for all who share it; a worker that inherits it would lose what a slow reader has
 * not taken yet, with EAGAIN.
 */
export function keepStandardErrorBlocking(): void {
  const own = Object.getOwnPropertyDescriptor(process, 'stderr');
  if (own?.get === undefined) return;
  Object.defineProperty(process, 'stderr', {
    ...own,
    get: () => {
      Object.defineProperty(process, 'stderr', own);
      setBlocking(process.stderr, true);
      return process.stderr;
    },
  });
}

/** Whether writes to a stream of Node's may wait for the reader; of a file and a terminal it says nothing. */
export function setBlocking(stream: NodeJS.WritableStream, isBlocking: boolean): void {
  (stream as WithHandle)._handle?.setBlocking?.(isBlocking);
}
