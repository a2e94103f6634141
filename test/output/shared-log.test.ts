import { Writable } from 'node:stream';

import { expect, test } from '@jest/globals';

import { now } from '../../src/loop/clock.ts';
import { Output } from '../../src/output/output.ts';
import { SharedLog } from '../../src/output/shared-log.ts';

const MIB = 2 ** 20;

/** A reader that takes nothing until it is let. */
class Stalled extends Writable {
  text = '';
  #go: (() => void) | null = null;
  #isStalled = true;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    if (this.#isStalled) this.#go = done;
    else done();
  }

  go(): void {
    this.#isStalled = false;
    this.#go?.();
  }
}

test('what a reader does not take is kept up to a bound; what is dropped is counted and said', async () => {
  const reader = new Stalled();
  const output = new Output(reader, true);
  const log = new SharedLog(output, (dropped) => `${dropped} dropped\n`);
  const line = `${'x'.repeat(MIB / 4 - 1)}\n`;
  for (let count = 0; count < 7; count += 1) log.write(line);
  reader.go();
  await output.end(now() + 10);
  expect(reader.text).toBe(`${line.repeat(4)}3 dropped\n`);
});

test('the workers’ lines do not crowd out its own', async () => {
  const reader = new Stalled();
  const output = new Output(reader, true);
  const log = new SharedLog(output, () => 'dropped\n');
  output.write(Buffer.alloc(4 * MIB, '.'));
  expect(output.isFull).toBe(true);
  log.write('a line\n');
  reader.go();
  await output.end(now() + 10);
  expect(reader.text.endsWith('.a line\n')).toBe(true);
});
