import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { formatOf } from '../../src/output/format.ts';
import type { LineFormat } from '../../src/output/format.ts';

const time = new Date('2026-01-02T03:04:05.678Z');

function formatted(format: LineFormat, data: Buffer, partial = false): Buffer {
  return formatOf(format, 3, 'stderr')({ data, partial }, time);
}

const binary = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));
const lines = fc.array(
  binary.map((each) => each.filter((byte) => byte !== 0x0a)),
  { minLength: 1, maxLength: 8 },
);

describe('prefix', () => {
  test('each line has the index, every other byte is as it was', () => {
    const data = Buffer.from('a\n\n\r\0\xff$&\n', 'latin1');
    expect(formatted('prefix', data).toString('latin1')).toBe('[3] a\n[3] \n[3] \r\0\xff$&\n');
  });

  test('a part of a line is a line', () => {
    expect(formatted('prefix', Buffer.from('abc'), true).toString()).toBe('[3] abc\n');
  });

  test('whatever is in the lines', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const data = Buffer.concat(given.flatMap((each) => [Buffer.from(each), Buffer.from('\n')]));
        const expected = given.flatMap((each) => [
          Buffer.from('[3] '),
          Buffer.from(each),
          Buffer.from('\n'),
        ]);
        expect(formatted('prefix', data)).toEqual(Buffer.concat(expected));
      }),
    );
  });
});

describe('json', () => {
  const head = { time: '2026-01-02T03:04:05.678Z', worker: 3, stream: 'stderr' };

  function parsed(data: Buffer, partial = false): readonly unknown[] {
    const text = formatted('json', data, partial).toString();
    expect(text.endsWith('\n')).toBe(true);
    return text
      .slice(0, -1)
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }

  test('each line is an object, its keys in this order', () => {
    expect(formatted('json', Buffer.from('a\n\nb\n')).toString()).toBe(
      ['a', '', 'b'].map((msg) => `${JSON.stringify({ ...head, msg })}\n`).join(''),
    );
  });

  test.each([
    ['what JSON escapes', 'a "b" \\c\t\x1b[0m\r', 'a "b" \\c\t\x1b[0m\r'],
    ['a backslash before an n', 'a\\nb', 'a\\nb'],
    ['UTF-8', 'ä€😀', 'ä€😀'],
    ['what a replacement would take for a pattern', "$& $' $1 $$", "$& $' $1 $$"],
  ])('%s', (_, line, msg) => {
    expect(parsed(Buffer.from(`${line}\n`))).toEqual([{ ...head, msg }]);
  });

  test('bytes that are not UTF-8 are replaced', () => {
    const data = Buffer.concat([
      Buffer.from('a\xffb\n', 'latin1'),
      Buffer.from([0xe2, 0x82, 0x0a]),
    ]);
    expect(parsed(data)).toEqual([
      { ...head, msg: 'a\ufffdb' },
      { ...head, msg: '\ufffd' },
    ]);
  });

  test('a part of a line says so', () => {
    expect(parsed(Buffer.from('abc'), true)).toEqual([{ ...head, msg: 'abc', partial: true }]);
  });

  test('whatever is in the lines', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const data = Buffer.concat(given.flatMap((each) => [Buffer.from(each), Buffer.from('\n')]));
        const expected = given.map((each) => ({ ...head, msg: Buffer.from(each).toString() }));
        expect(parsed(data)).toEqual(expected);
      }),
    );
  });
});
