import { closeSync, write, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

import { isPassing } from '../system/write.ts';

/** Milliseconds between two attempts where the system does not tell when to try again: the first, and the most. */
const FIRST_RETRY = 1;
const LAST_RETRY = 50;

/** Writes some of the data; for what could not be written there is an error. */
type Attempt = (
  descriptor: number,
  data: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

interface Chunk {
  readonly chunk: Buffer;
}

/**
 * A stream that does not stop the loop, to what Node has no such stream for: a plain file, which a thread
 * writes to, and a terminal or another device that was opened to be non-blocking.
 */
export class DescriptorStream extends Writable {
  readonly #descriptor: number;
  readonly #attempt: Attempt;
  #retry: NodeJS.Timeout | undefined;
  #delay = FIRST_RETRY;

  constructor(descriptor: number, kind: 'file' | 'device') {
    super({ decodeStrings: false });
    this.#descriptor = descriptor;
    this.#attempt = kind === 'file' ? write : writeNow;
  }

  override _write(data: Buffer, _: BufferEncoding, done: (error: Error | null) => void): void {
    this.#attempt(this.#descriptor, data, (error, written) => {
      if (error !== null && !isPassing(error)) {
        done(error);
      } else if (error === null && written === data.length) {
        this.#delay = FIRST_RETRY;
        done(null);
      } else {
        this.#writeLater(error === null ? data.subarray(written) : data, error !== null, done);
      }
    });
  }

  override _writev(chunks: readonly Chunk[], done: (error: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#retry);
    // the standard ones belong to the process
    if (this.#descriptor > 2) closeSync(this.#descriptor);
    done(error);
  }

  #writeLater(rest: Buffer, refused: boolean, done: (error: Error | null) => void): void {
    this.#delay = refused ? Math.min(2 * this.#delay, LAST_RETRY) : FIRST_RETRY;
    this.#retry = setTimeout(() => {
      this._write(rest, 'utf8', done);
    }, this.#delay);
  }
}

function writeNow(...[descriptor, data, done]: Parameters<Attempt>): void {
  let written: number;
  try {
    written = writeSync(descriptor, data);
  } catch (error) {
    done(error as NodeJS.ErrnoException, 0);
    return;
  }
  done(null, written);
}
