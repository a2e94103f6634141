import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

import { expect, test } from '@jest/globals';

import { now } from '../../src/loop/clock.ts';
import { formatOf } from '../../src/output/format.ts';
import { Output } from '../../src/output/output.ts';
import { WorkerStream } from '../../src/output/worker-stream.ts';
import { bindLibc } from '../../src/system/libc.ts';

test('what is in the pipe when a worker ends is passed on before anything else happens', async () => {
  let text = '';
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  });
  const output = new Output(sink, true);
  const stream = new WorkerStream(await bindLibc(), output, formatOf('prefix', 0, 'stdout'));
  writeSync(stream.writeEnd, 'some\nlast words');
  stream.workerEnded();
  expect(text).toBe('[0] some\n[0] last words\n');
  writeSync(stream.writeEnd, 'the next');
  stream.workerEnded();
  expect(text).toBe('[0] some\n[0] last words\n[0] the next\n');
  stream.close();
  await output.end(now());
});
