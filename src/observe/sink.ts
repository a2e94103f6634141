import { closeSync, fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

import { now } from '../loop/clock.ts';
import type { LogStream } from './log.ts';
import { reopen } from './reopen.ts';
import { isPassing } from '../system/write.ts';
import type { Write } from '../system/write.ts';

/** Bytes that are kept for a reader that does not read; what comes on top is dropped and counted. */
const MOST_BUFFERED = 1024 * 1024;

/** Milliseconds between two attempts while the reader does not read. */
const RETRY_AFTER = 50;

/** A stream that never blocks. */
export interface Sink extends LogStream {
  /** Waits until everything is written, at most so many milliseconds, and closes it. */
  end(milliseconds: number): Promise<void>;
}

/**
 * Writes to one of this process's own descriptors without ever blocking on it.
 *
 * The descriptor itself is shared with the workers, who need it blocking; so the file behind it is opened
 * once more, as a description of our own, unless it is a plain file. That fails for sockets, which `sendTo` serves, and after a
 * change of user; there the shared one is written to, and a reader that stalls stalls the supervisor.
 *
 * @param describe - the line that says how many were dropped
 * @param sendTo - makes a write that does not wait out of a socket; it may take its time or fail
 */
export function openSink(
  descriptor: number,
  describe: (dropped: number) => string,
  sendTo: (descriptor: number) => Promise<Write>,
): Sink {
  const kind = fstatSync(descriptor);
  // a plain file never stalls, and a second description of it would have an offset of its own, so that
  // the workers' lines and the log's would overwrite each other
  const own = kind.isFile() ? null : reopen(descriptor);
  const queue = new LineQueue(writerOf(own ?? descriptor), describe);
  if (kind.isSocket()) {
    sendTo(descriptor).then(
      (write) => {
        queue.write = write;
      },
      () => undefined,
    );
  }
  return {
    isTTY: isatty(descriptor),
    write: (text) => {
      queue.put(Buffer.from(text));
    },
    end: async (milliseconds) => {
      await queue.end(milliseconds);
      if (own !== null) closeSync(own);
    },
  };
}

/** Lines that wait for a reader, bounded. */
class LineQueue {
  write: Write;
  readonly #describe: (dropped: number) => string;
  #lines: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(write: Write, describe: (dropped: number) => string) {
    this.write = write;
    this.#describe = describe;
  }

  put(line: Buffer): void {
    if (this.#bytes + line.length > MOST_BUFFERED) {
      this.#dropped += 1;
      return;
    }
    this.#push(line);
    if (this.#retry === undefined) this.#flush();
  }

  async end(milliseconds: number): Promise<void> {
    const deadline = now() + milliseconds / 1000;
    while (this.#retry !== undefined && now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER / 5));
    }
    clearTimeout(this.#retry);
  }

  #push(line: Buffer): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  #flush(): void {
    this.#retry = undefined;
    for (let line = this.#lines[0]; line !== undefined; line = this.#next()) {
      const written = this.write(line);
      if (written === 'again') {
        this.#retry = setTimeout(() => {
          this.#flush();
        }, RETRY_AFTER);
        return;
      }
      this.#take(written === 'gone' ? line.length : written);
    }
  }

  /** The first line, or what is left of it; where all are written, the one that says what was dropped. */
  #next(): Buffer | undefined {
    if (this.#lines.length === 0 && this.#dropped > 0) {
      this.#push(Buffer.from(this.#describe(this.#dropped)));
      this.#dropped = 0;
    }
    return this.#lines[0];
  }

  #take(bytes: number): void {
    const [first = Buffer.alloc(0)] = this.#lines;
    this.#bytes -= bytes;
    if (bytes < first.length) this.#lines[0] = first.subarray(bytes);
    else this.#lines.shift();
  }
}

function writerOf(descriptor: number): Write {
  return (data) => {
    try {
      return writeSync(descriptor, data);
    } catch (error) {
      return isPassing(error as NodeJS.ErrnoException) ? 'again' : 'gone';
    }
  };
}
