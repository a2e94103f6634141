import fc from 'fast-check';

import { damagedBytes } from './bytes.ts';

/** Few names, so that they meet; some are another's with a suffix. */
const NAMES = [
  'a',
  'a_total',
  'a_sum',
  'a_count',
  'a_bucket',
  'b',
  'b_total',
  'b_sum',
  'b_created',
];
const MORE_NAMES = ['supervisor_a', 'process_cpu_seconds_total', 'nodejs_gc', ':', '_', 'A:b_0'];
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped', 'COUNTER', 'info', 'gauge '];
const LABELS = ['le', 'quantile', 'worker', 'exported_worker', 'x', '__name__', '_', 'y1'];
const LABEL_VALUES = [
  '',
  '0.5',
  '+Inf',
  'NaN',
  '1',
  'a b',
  '\\n',
  '\\\\',
  '\\"',
  '\0',
  '\ufffd',
  'ä\u2028',
];
const VALUES = [
  '0',
  '1',
  '-1',
  '1.5',
  '1e3',
  '+Inf',
  '-inf',
  'NaN',
  'Infinity',
  '.5',
  '5.',
  '0x1',
  '1_0',
];
const TAILS = ['', '', '', ' 1395066363000', ' -1', ' # {a="b"} 1', '\r', '\t'];
const TEXTS = ['', 'Help.', 'a "b" \\\\ \\n', '\\q', '\t', 'ä\u2028\u0085', 'x'.repeat(300), '\0'];

const name = fc.constantFrom(...NAMES, ...NAMES, ...MORE_NAMES);
const label = fc
  .tuple(fc.constantFrom(...LABELS), fc.constantFrom(...LABEL_VALUES))
  .map(([key, value]) => `${key}="${value}"`);
const labels = fc.oneof(
  fc.constant(''),
  fc.array(label, { maxLength: 3 }).map((all) => `{${all.join(',')}}`),
);
const sample = fc
  .tuple(name, labels, fc.constantFrom(...VALUES), fc.constantFrom(...TAILS))
  .map(([of, with_, value, tail]) => `${of}${with_} ${value}${tail}`);
const type = fc.tuple(name, fc.constantFrom(...TYPES)).map(([of, word]) => `# TYPE ${of} ${word}`);
const help = fc.tuple(name, fc.constantFrom(...TEXTS)).map(([of, text]) => `# HELP ${of} ${text}`);

/** A family as a library writes it. */
const family = fc
  .tuple(name, fc.constantFrom('counter', 'gauge', 'untyped', 'histogram', 'summary'))
  .map(([of, word]) => {
    const plain = [`${of}{x="1"} 1`, `${of}{x="2",worker="q"} 2`];
    const own =
      word === 'histogram'
        ? [`${of}_bucket{le="1"} 1`, `${of}_bucket{le="+Inf"} 2`, `${of}_sum 3`, `${of}_count 2`]
        : word === 'summary'
          ? [`${of}{quantile="0.5"} 1`, `${of}_sum 3`, `${of}_count 2`]
          : plain;
    return [`# HELP ${of} Help.`, `# TYPE ${of} ${word}`, ...own].join('\n');
  });

const line = fc.oneof(
  { weight: 5, arbitrary: family },
  { weight: 2, arbitrary: sample },
  { weight: 1, arbitrary: type },
  { weight: 1, arbitrary: help },
  { weight: 1, arbitrary: fc.constantFrom('', '# a comment', '#', '# EOF', '   ') },
);

const text = fc
  .array(line, { maxLength: 5 })
  .map((lines) => Buffer.from([...lines, ''].join('\n')));

/** What a worker answers: most of it is an exposition, or nearly one. */
export const expositions: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: damagedBytes(text) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', ' ', '{', '"', 'a{x="', '1', '\n', '\\'), fc.nat(70_000))
      .map(([sign, count]) => Buffer.from(`a{x="1"} 1\n${sign.repeat(count)}`)),
  },
);
