// What workers write, in any bytes and pieces, comes out line by line as a simple model says.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { formatOf } from '../../src/output/format.ts';
import type { LineFormat } from '../../src/output/format.ts';
import { LineFramer } from '../../src/output/framer.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { fuzz, inTime } from './fuzzing.ts';

const TIME = new Date('2026-01-02T03:04:05.678Z');

/** Bytes of which many mean something to somebody, such as halves of characters and marks of the order of bytes. */
const some = fc
  .oneof(
    fc.constantFrom(
      '\n',
      '\n',
      '\r\n',
      '\r',
      '\0',
      '"',
      '\\',
      '\\n',
      '\u2028',
      '\ufeff',
      'ä',
      '€',
      '😀',
      '$&',
    ),
    fc.constantFrom('\x1b[31m', '{"msg":"x"}', '[0] ', 'x'.repeat(100), '\n'.repeat(50)),
  )
  .map((text) => Buffer.from(text));
const halves = fc
  .constantFrom('\xff', '\xe2\x82', '\xf0\x9f', '\x80', '\xc0\x80', '\xed\xa0\x80')
  .map((text) => Buffer.from(text, 'latin1'));
const piece = fc.oneof(
  { weight: 4, arbitrary: some },
  { weight: 1, arbitrary: halves },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
);

/** What comes in one read. */
const chunk = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
const chunks = fc.array(chunk, { maxLength: 8 });

interface Line {
  readonly bytes: Buffer;
  readonly partial: boolean;
}

/** Lines of at most so many bytes; a longer one is cut before a character that does not fit. */
function linesOf(all: Buffer, longest: number): readonly Line[] {
  const texts = all.toString('latin1').split('\n');
  if (texts.at(-1) === '') texts.pop();
  return texts.flatMap((text) => partsOf(Buffer.from(text, 'latin1'), longest));
}

function partsOf(line: Buffer, longest: number): readonly Line[] {
  if (line.length <= longest) return [{ bytes: line, partial: false }];
  const end = cutOf(line, longest);
  const first = { bytes: line.subarray(0, end), partial: true };
  return [first, ...partsOf(line.subarray(end), longest)];
}

/** The last place, of the four that there may be, that is not within a character. */
function cutOf(line: Buffer, longest: number): number {
  for (let end = longest; end > longest - 4; end -= 1) {
    const start = line[end - 1] ?? 0;
    const length = start >= 0xf0 ? 4 : start >= 0xe0 ? 3 : start >= 0xc0 ? 2 : 1;
    if (length > 1) return end - 1 + length > longest ? end - 1 : longest;
    if (start < 0x80) return longest;
  }
  return longest;
}

function modelOf(format: LineFormat, all: Buffer, longest: number): Buffer {
  const lines = linesOf(all, longest).map(({ bytes, partial }) => {
    if (format === 'prefix') return Buffer.concat([Buffer.from('[3] '), bytes, Buffer.from('\n')]);
    const told = { time: TIME.toISOString(), worker: 3, stream: 'stdout', msg: bytes.toString() };
    return Buffer.from(`${JSON.stringify(partial ? { ...told, partial } : told)}\n`);
  });
  return Buffer.concat(lines);
}

const format = fc.constantFrom<LineFormat[]>('prefix', 'json');
const longest = fc.oneof(fc.integer({ min: 4, max: 40 }), fc.constant(1000));

fuzz('lines come out as the model says', fc.tuple(format, longest, chunks), (given) =>
  inTime(() => {
    const [name, most, all] = given;
    const told: Buffer[] = [];
    const toText = formatOf(name, 3, 'stdout');
    const framer = new LineFramer(most, (frame) => told.push(toText(frame, TIME)));
    for (const each of all) {
      const read = Buffer.from(each);
      framer.push(read);
      read.fill('?');
    }
    framer.end();
    expect(Buffer.concat(told).toString('latin1')).toBe(
      modelOf(name, Buffer.concat(all), most).toString('latin1'),
    );
  }),
);

/** Writes its pieces one by one, and now and then lets somebody else have a turn. */
const WRITER = `#!/usr/bin/env node
const { readFileSync, writeSync } = require('node:fs');
for (const piece of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  let rest = Buffer.from(piece, 'base64');
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
}
`;

const large = fc
  .tuple(piece, fc.integer({ min: 1, max: 3_000 }))
  .map(([bytes, count]) => Buffer.concat(Array.from({ length: count }, () => bytes)));

fuzz(
  'so they do out of the program',
  fc.tuple(format, fc.array(fc.oneof(chunk, large), { maxLength: 12 })),
  async ([name, pieces]) => {
    const cwd = workspace({ pieces: pieces.map((each) => each.toString('base64')) });
    const script = join(cwd, 'writer.cjs');
    writeFileSync(script, WRITER);
    chmodSync(script, 0o755);
    const supervisor = Supervisor.start({
      command: [process.execPath, script, join(cwd, 'pieces')],
      restart: { policy: 'Never' },
      metrics: { enabled: false },
      log: { workers: name, level: 'warn' },
    });
    const read: Buffer[] = [];
    supervisor.child.stdout?.removeAllListeners('data').on('data', (text: string) => {
      read.push(Buffer.from(text));
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    const told = Buffer.concat(read).toString();
    const expected = modelOf(name, Buffer.concat(pieces), 2 ** 24).toString();
    const same = (text: string): string =>
      text.replaceAll(/"time":"[^"]*","worker":\d/g, '').replaceAll(/^\[[03]\] /gm, '');
    expect(same(told)).toBe(same(expected));
  },
);
