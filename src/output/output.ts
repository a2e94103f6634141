import { fstatSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

import { atMost } from '../loop/at-most.ts';
import { now } from '../loop/clock.ts';
import type { Seconds } from '../core/state.ts';
import { reopen } from '../observe/reopen.ts';
import { setBlocking } from './standard-error.ts';
import { DescriptorStream } from './descriptor-stream.ts';

/** Bytes that wait for a reader before no more is taken from the workers. */
const ENOUGH = 1024 * 1024;

/** How many readers go on at once when there is room again: what they bring is about as much as there is room. */
const AT_ONCE = 16;

/** Where lines are written to: in order, each whole, never blocking. */
export class Output {
  readonly #stream: Writable;
  readonly #isOwn: boolean;
  readonly #waiting = new Set<() => void>();
  #pending = 0;
  #gone = false;
  #nextTurn: NodeJS.Immediate | undefined;

  /** @param isOwn - whether the stream ends with this; those of the process do not */
  constructor(stream: Writable, isOwn: boolean) {
    this.#stream = stream;
    this.#isOwn = isOwn;
    stream.on('error', this.#onError);
  }

  /** Whether so much waits that nothing more should be brought; never so once there is no reader any more. */
  get isFull(): boolean {
    return !this.#gone && this.#pending >= ENOUGH;
  }

  /**
   * Writes lines, which must not be changed afterwards. Where there is no reader any more they go nowhere.
   *
   * @param done - is called when they are written, or will never be
   */
  write(lines: Buffer, done?: () => void): void {
    if (this.#gone) {
      done?.();
      return;
    }
    this.#pending += lines.length;
    this.#stream.write(lines, () => {
      this.#pending -= lines.length;
      done?.();
      this.#letGoOn();
    });
  }

  /** Calls it once when there is room again. */
  whenRoom(goOn: () => void): void {
    this.#waiting.add(goOn);
  }

  /** Waits until everything is written, at most until the deadline (of `now`), and closes it. */
  async end(deadline: Seconds): Promise<void> {
    const written = new Promise<void>((done) => {
      // written in order: this comes last
      this.write(Buffer.alloc(0), done);
    });
    await atMost(deadline - now(), written);
    this.#gone = true;
    clearImmediate(this.#nextTurn);
    if (this.#isOwn) this.#stream.destroy();
    else this.#stream.off('error', this.#onError);
  }

  /** The reader has gone, and does not come back. */
  readonly #onError = (): void => {
    this.#gone = true;
    this.#letGoOn();
  };

  #letGoOn(): void {
    if (this.#nextTurn !== undefined || this.#waiting.size === 0) return;
    if (!this.#gone && this.#pending >= ENOUGH / 2) return;
    let left = AT_ONCE;
    for (const goOn of this.#waiting) {
      if (left === 0) break;
      left -= 1;
      this.#waiting.delete(goOn);
      goOn();
    }
    // those that went on may have nothing more to bring, so that no write would let the others go on
    this.#nextTurn = setImmediate(() => {
      this.#nextTurn = undefined;
      this.#letGoOn();
    });
  }
}

/** Standard output and standard error of this process. */
export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** Opens both; where they are the same file, as after `2>&1`, they share one, so that lines stay whole. */
export function openOutputs(): Outputs {
  const stdout = openOutput(1);
  return { stdout, stderr: isSameFile(fstatSync(1), fstatSync(2)) ? stdout : openOutput(2) };
}

function isSameFile(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/**
 * A pipe or a device is opened once more, as a description of our own, because whoever else has the
 * descriptor may need it blocking. A plain file is not: a second description would have an offset of its
 * own. A socket cannot be, nor a pipe of another user's; there Node's own stream makes the shared one
 * non-blocking until the end of this process. No worker shares it.
 */
function openOutput(descriptor: 1 | 2): Output {
  const kind = fstatSync(descriptor);
  if (kind.isFile()) return new Output(new DescriptorStream(descriptor, 'file'), true);
  const own = kind.isSocket() ? null : reopen(descriptor);
  if (own !== null && kind.isFIFO()) {
    return new Output(new Socket({ fd: own, readable: false, writable: true }), true);
  }
  if (kind.isFIFO() || kind.isSocket()) {
    const shared = descriptor === 1 ? process.stdout : process.stderr;
    setBlocking(shared, false);
    return new Output(shared, false);
  }
  return new Output(new DescriptorStream(own ?? descriptor, 'device'), true);
}
