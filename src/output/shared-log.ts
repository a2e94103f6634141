import { isatty } from 'node:tty';

import type { LogStream } from '../observe/log.ts';
import type { Output } from './output.ts';

/** Bytes of log lines that are kept for a reader that does not read; what comes on top is dropped and counted. */
const MOST_BUFFERED = 1024 * 1024;

/**
 * The supervisor's own log, where its lines are written in one with those of the workers' standard error.
 * It never waits; lines that it may not keep are dropped and counted, by its own count alone, so that no
 * worker can crowd them out.
 */
export class SharedLog implements LogStream {
  readonly isTTY = isatty(2);
  readonly #output: Output;
  readonly #describe: (dropped: number) => string;
  #pending = 0;
  #dropped = 0;

  /** @param describe - the line that says how many were dropped */
  constructor(output: Output, describe: (dropped: number) => string) {
    this.#output = output;
    this.#describe = describe;
  }

  write(text: string): void {
    const line = Buffer.from(text);
    if (this.#pending + line.length > MOST_BUFFERED) {
      this.#dropped += 1;
      return;
    }
    this.#pending += line.length;
    this.#output.write(line, () => {
      this.#pending -= line.length;
      if (this.#pending === 0) this.#tellDropped();
    });
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const line = this.#describe(this.#dropped);
    this.#dropped = 0;
    this.write(line);
  }
}
