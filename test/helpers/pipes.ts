import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A FIFO that somebody holds open and that is read only when it is asked to. */
export class StalledPipe {
  readonly path: string;
  readonly #descriptor: number;

  constructor(directory: string, name: string) {
    this.path = makeFifo(directory, name);
    this.#descriptor = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    closers.push(() => {
      closeSync(this.#descriptor);
    });
  }

  /** What is in it now, in Latin-1. */
  drain(): string {
    const chunk = Buffer.alloc(1 << 20);
    try {
      return chunk.toString('latin1', 0, readSync(this.#descriptor, chunk));
    } catch {
      return '';
    }
  }
}

/** A FIFO that is read as fast as it comes. */
export class ReadPipe {
  readonly path: string;
  /** In Latin-1. */
  text = '';

  constructor(directory: string, name: string) {
    this.path = makeFifo(directory, name);
    const reader = spawn('cat', [this.path], { stdio: ['ignore', 'pipe', 'ignore'] });
    reader.stdout.setEncoding('latin1').on('data', (text: string) => (this.text += text));
    closers.push(() => {
      reader.kill('SIGKILL');
    });
  }
}

function makeFifo(directory: string, name: string): string {
  const path = join(directory, name);
  execFileSync('mkfifo', [path]);
  return path;
}
