import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net';

import type { Libc, Pipe } from '../system/libc.ts';
import type { Format } from './format.ts';
import { LineFramer } from './framer.ts';
import type { Output } from './output.ts';

/** The longest line, in bytes, that is passed on whole. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** More than a pipe holds, so that one read a turn empties it, and with many busy workers each gets its turn. */
const READ_SIZE = 128 * 1024;

let readBuffer: Buffer | undefined;

/** All pipes are read into this one, one after the other. */
function sharedBuffer(): Buffer {
  return (readBuffer ??= Buffer.allocUnsafeSlow(READ_SIZE));
}

/**
 * One of the two output streams of the workers of a slot: the pipe that they write to, one after the other,
 * and the way of its lines to an output.
 */
export class WorkerStream {
  readonly #libc: Libc;
  readonly #pipe: Pipe;
  readonly #output: Output;
  readonly #format: Format;
  readonly #socket: Socket;
  readonly #framer = new LineFramer(LONGEST_LINE, (frame) => {
    this.#output.write(this.#format(frame, this.#readAt));
  });
  /** When what is passed on now was read. */
  #readAt = new Date();
  /** Bytes read so far. */
  #position = 0;
  /** The positions at which workers have ended that are not read yet. */
  readonly #ends: number[] = [];
  #onDrained: () => void = () => undefined;

  constructor(libc: Libc, output: Output, format: Format) {
    this.#libc = libc;
    this.#output = output;
    this.#format = format;
    this.#pipe = libc.openPipe();
    // of Node's types, only those of `connect` know `onread`
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      fd: this.#pipe.readEnd,
      readable: true,
      writable: false,
      onread: { buffer: sharedBuffer(), callback: (count, buffer) => this.#read(count, buffer) },
    };
    this.#socket = new Socket(options);
    this.#socket.on('error', () => undefined);
  }

  /** What a worker gets as its descriptor. */
  get writeEnd(): number {
    return this.#pipe.writeEnd;
  }

  /**
   * The worker has ended: what it has written is passed on now where there is room, else as soon as there
   * is; a last line that has no end gets one.
   */
  workerEnded(): void {
    // an error has closed it, which leaves nothing to be read
    if (this.#socket.destroyed) return;
    let unread = this.#libc.unreadBytes(this.#pipe.readEnd);
    const end = this.#position + unread;
    if (this.#ends.at(-1) !== end) this.#ends.push(end);
    while (unread > 0 && !this.#output.isFull) {
      const chunk = this.#readNow(unread);
      if (chunk.length === 0) break;
      unread -= chunk.length;
      this.#take(chunk);
    }
    this.#passEnds();
  }

  /** Waits until everything is read that workers which have ended had written. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#passEnds();
    });
  }

  close(): void {
    this.#framer.end();
    this.#socket.destroy();
    closeSync(this.#pipe.writeEnd);
  }

  /** At most so many bytes; none if somebody else, such as a worker, has read them. */
  #readNow(most: number): Buffer {
    const buffer = sharedBuffer();
    try {
      const count = readSync(this.#pipe.readEnd, buffer, 0, Math.min(most, READ_SIZE), null);
      return buffer.subarray(0, count);
    } catch {
      return buffer.subarray(0, 0);
    }
  }

  /** @returns whether to go on reading */
  #read(count: number, buffer: Uint8Array): boolean {
    this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, count));
    if (!this.#output.isFull) return true;
    this.#output.whenRoom(() => {
      this.#socket.resume();
    });
    return false;
  }

  #take(chunk: Buffer): void {
    this.#readAt = new Date();
    let rest = chunk;
    for (let end = this.#ends[0]; end !== undefined; end = this.#ends[0]) {
      const left = end - this.#position;
      if (left > rest.length) break;
      this.#push(rest.subarray(0, left));
      rest = rest.subarray(left);
      this.#passEnds();
    }
    this.#push(rest);
  }

  #push(bytes: Buffer): void {
    this.#position += bytes.length;
    this.#framer.push(bytes);
  }

  /** Ends the last line of those whose end is reached. */
  #passEnds(): void {
    while (this.#ends[0] === this.#position) {
      this.#ends.shift();
      this.#framer.end();
    }
    if (this.#ends.length === 0) this.#onDrained();
  }
}
