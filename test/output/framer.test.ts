import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { LineFramer } from '../../src/output/framer.ts';
import { DEADLINE } from '../helpers/eventually.ts';

interface Line {
  /** In Latin-1, so that every byte is a character. */
  readonly text: string;
  readonly partial: boolean;
}

/** The lines and parts that come out of these chunks. */
function linesOf(chunks: readonly Buffer[], longest = 1000): readonly Line[] {
  const lines: Line[] = [];
  const framer = new LineFramer(longest, ({ data, partial }) => {
    const text = data.toString('latin1');
    if (partial) {
      lines.push({ text, partial });
      return;
    }
    expect(text.endsWith('\n')).toBe(true);
    for (const line of text.slice(0, -1).split('\n')) lines.push({ text: line, partial });
  });
  for (const chunk of chunks) {
    // the bytes may be overwritten as soon as they are taken
    const shared = Buffer.from(chunk);
    framer.push(shared);
    shared.fill('?');
  }
  framer.end();
  return lines;
}

function whole(...texts: readonly string[]): readonly Line[] {
  return texts.map((text) => ({ text, partial: false }));
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Bytes of which many are ends of lines, cut anywhere. */
const chunks = fc.array(
  fc
    .array(fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x00, 0xff), fc.integer({ min: 0, max: 255 })), {
      maxLength: 40,
    })
    .map((each) => Buffer.from(each)),
  { maxLength: 12 },
);

/** Characters of one to four bytes. */
const utf8 = fc.string({
  unit: fc.constantFrom('a', 'ä', '€', '😀', '\n'),
  maxLength: 200,
});

describe('a framer', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['one line', ['a\n'], ['a']],
    ['several at once', ['a\nb\n\nc\n'], ['a', 'b', '', 'c']],
    ['a line that comes in pieces', ['a', 'b', 'c\nd', '\n'], ['abc', 'd']],
    ['an end that comes alone', ['a', '\n'], ['a']],
    ['a last line without an end', ['a\nb'], ['a', 'b']],
    ['a carriage return is content', ['a\r', '\nb\r\n'], ['a\r', 'b\r']],
    ['so is every other byte', ['\0\x01\xff\n'], ['\0\x01\xff']],
    ['nothing', [], []],
    ['empty chunks', ['', 'a', '', '\n', ''], ['a']],
  ])('%s', (_, given, expected) => {
    expect(linesOf(given.map(bytes))).toEqual(whole(...expected));
  });

  test('a line of the greatest length is whole, one byte more makes two parts', () => {
    const longest = 10;
    expect(linesOf([bytes('0123456789\n')], longest)).toEqual(whole('0123456789'));
    expect(linesOf([bytes('0123456789'), bytes('\nx')], longest)).toEqual(whole('0123456789', 'x'));
    expect(linesOf([bytes('01234567'), bytes('89A\n')], longest)).toEqual([
      { text: '0123456789', partial: true },
      { text: 'A', partial: false },
    ]);
    expect(linesOf([bytes('0123456789ABCDEFGHIJ')], longest)).toEqual([
      { text: '0123456789', partial: true },
      { text: 'ABCDEFGHIJ', partial: false },
    ]);
  });

  test('after its end it begins a new line', () => {
    const seen: string[] = [];
    const framer = new LineFramer(100, ({ data }) => seen.push(data.toString()));
    framer.push(bytes('the end of one'));
    framer.end();
    framer.end();
    framer.push(bytes('the start of another\n'));
    expect(seen).toEqual(['the end of one\n', 'the start of another\n']);
  });

  test('wherever the bytes are cut, the lines are those of the whole', () => {
    fc.assert(
      fc.property(chunks, (given) => {
        const all = Buffer.concat(given).toString('latin1');
        const expected = all.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(linesOf(given)).toEqual(whole(...expected));
      }),
    );
  });

  test('whatever the greatest length, parts make up their line, and none but the last is short', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 4, max: 30 }), (given, longest) => {
        const parts = linesOf(given, longest);
        const joined = parts.map(({ text, partial }) => (partial ? text : `${text}\n`)).join('');
        const all = Buffer.concat(given).toString('latin1');
        expect(joined).toBe(all === '' || all.endsWith('\n') ? all : `${all}\n`);
        for (const [index, { text, partial }] of parts.entries()) {
          expect(text.length).toBeLessThanOrEqual(longest);
          if (partial) expect(text.length).toBeGreaterThan(longest - 4);
          if (parts[index - 1]?.partial === true) expect(text).not.toBe('');
        }
      }),
    );
  });

  test('no part ends within a character of UTF-8', () => {
    fc.assert(
      fc.property(utf8, fc.integer({ min: 4, max: 30 }), (text, longest) => {
        for (const part of linesOf([Buffer.from(text)], longest)) {
          expect(bytes(part.text).toString('utf8')).not.toContain('\ufffd');
        }
      }),
    );
  });

  test('a line that comes byte by byte is not copied for each of them', () => {
    const byte = bytes('x');
    const many = Array.from({ length: 1_000_000 }, () => byte);
    const start = Date.now();
    const [line] = linesOf(many, 2_000_000);
    // it takes a fraction of a second, or minutes
    expect(Date.now() - start).toBeLessThan(DEADLINE);
    expect(line?.text.length).toBe(1_000_000);
  });
});
