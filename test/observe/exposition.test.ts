import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { expose } from '../../src/observe/exposition/exposition.ts';
import type { ExposedFamily } from '../../src/observe/exposition/exposition.ts';
import { familiesOf } from '../../src/observe/exposition/from-registry.ts';
import { negotiate } from '../../src/observe/exposition/negotiate.ts';
import { ExpositionParser, TooLargeError } from '../../src/observe/exposition/parse.ts';

function parse(...pieces: readonly string[]): readonly ExposedFamily[] {
  const parser = new ExpositionParser('worker', '3');
  for (const piece of pieces) parser.push(piece);
  return parser.end();
}

const TEXT = `# HELP jobs_total Jobs "done", by\\nkind.
# TYPE jobs_total counter
jobs_total{kind="a"} 3
jobs_total{kind="b \\"}\\\\ c",} 4e2 1395066363000

# a comment
# TYPE job_seconds histogram
job_seconds_bucket{le="0.5"} 1
job_seconds_bucket{le="+Inf"} 2
job_seconds_sum 1.5
job_seconds_count 2
no_type NaN
# TYPE rpc summary
rpc{quantile="0.5"} -Inf
rpc_sum 4
rpc_count 2
# HELP temperature of the room\r
# TYPE temperature gauge\r
temperature { worker = "x" , exported_worker="y" } -3.5\r
`;

const FAMILIES: readonly ExposedFamily[] = [
  {
    name: 'jobs_total',
    type: 'counter',
    help: 'Jobs "done", by\\nkind.',
    samples: 'jobs_total{worker="3",kind="a"} 3\njobs_total{worker="3",kind="b \\"}\\\\ c"} 4e2',
  },
  {
    name: 'job_seconds',
    type: 'histogram',
    help: null,
    samples:
      'job_seconds_bucket{worker="3",le="0.5"} 1\njob_seconds_bucket{worker="3",le="+Inf"} 2\njob_seconds_sum{worker="3"} 1.5\njob_seconds_count{worker="3"} 2',
  },
  { name: 'no_type', type: 'untyped', help: null, samples: 'no_type{worker="3"} NaN' },
  {
    name: 'rpc',
    type: 'summary',
    help: null,
    samples: 'rpc{worker="3",quantile="0.5"} -Inf\nrpc_sum{worker="3"} 4\nrpc_count{worker="3"} 2',
  },
  {
    name: 'temperature',
    type: 'gauge',
    help: 'of the room',
    samples: 'temperature{worker="3",exported_exported_worker="x",exported_worker="y"} -3.5',
  },
];

describe('what a worker exposes', () => {
  test('gets its label, sample by sample', () => {
    expect(parse(TEXT)).toEqual(FAMILIES);
  });

  test('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), TEXT.length];
        const pieces = places.slice(1).map((end, index) => TEXT.slice(places[index], end));
        expect(parse(...pieces)).toEqual(FAMILIES);
      }),
    );
  });

  test('samples of one family are brought together, in its place', () => {
    expect(parse('a 1\nb 2\na{x="1"} 3')).toEqual([
      { name: 'a', type: 'untyped', help: null, samples: 'a{worker="3"} 1\na{worker="3",x="1"} 3' },
      { name: 'b', type: 'untyped', help: null, samples: 'b{worker="3"} 2' },
    ]);
  });

  test('a histogram’s samples are its own, wherever they are', () => {
    expect(parse('# TYPE a histogram\n# TYPE b gauge\nb 1\na_sum 2\nb_sum 3')).toMatchObject([
      { name: 'a', samples: 'a_sum{worker="3"} 2' },
      { name: 'b', samples: 'b{worker="3"} 1' },
      { name: 'b_sum', samples: 'b_sum{worker="3"} 3' },
    ]);
  });

  test.each([
    ['<html>', 'line 1: no sample'],
    ['a 1\nb', 'line 2: no sample'],
    ['a one', 'line 1: no sample'],
    ['a{x=1} 1', 'line 1: labels that are none'],
    ['a{x="1" y="2"} 1', 'line 1: labels that are none'],
    ['a{x="1} 1', 'line 1: labels that are none'],
    ['a{x="1",x="2"} 1', 'line 1: a label twice'],
    ['a{x="1"}', 'line 1: no sample'],
    ['requests_total17', 'line 1: no sample'],
    ['ok 0x1F', 'line 1: no sample'],
    ['ok 0b11', 'line 1: no sample'],
    ['ok -NaN', 'line 1: no sample'],
    ['ok 1e400', 'line 1: no sample'],
    ['ok 1 2 3', 'line 1: no sample'],
    ['ok{__name__="x"} 1', 'line 1: labels that are none'],
    ['ok{a="x\\q"} 1', 'line 1: labels that are none'],
    ['ok{,} 1', 'line 1: labels that are none'],
    ['# HELP ok a\\qb', 'line 1: an unknown escape'],
    ['# TYPE a thing', 'line 1: an unknown type'],
    ['a 1\n# TYPE a gauge', 'line 2: a type that comes too late'],
    ['# TYPE a gauge\n# TYPE a counter', 'line 2: a type that comes too late'],
    ['\u0000\u0001', 'line 1: no sample'],
    ['# TYPE a histogram\na_bucket{le="x"} 1', 'line 2: a bound that is no number'],
    ['# TYPE a summary\na{quantile=""} 1', 'line 2: a bound that is no number'],
  ])('%j is malformed', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('a line that is too long is malformed, before its end has come', () => {
    expect(() => parse('a 1\n', 'y'.repeat(70_000))).toThrow('line 2: too long a line');
    expect(() => parse(`a{x="${'y'.repeat(70_000)}"} 1\n`)).toThrow('line 1: too long a line');
  });

  test('names that are none are comments', () => {
    expect(
      parse('# HELP 0bad x\n# TYPE 0bad gauge\n# HELP a{b="c"} x\n# TYPE\nok 1'),
    ).toMatchObject([{ name: 'ok' }]);
  });

  // with a pattern that backtracks they take seconds each
  test.each([
    ['a name', `${'a'.repeat(60_000)}{`],
    ['blanks', `a${' '.repeat(60_000)}{`],
    ['digits', `a ${'1'.repeat(60_000)}x`],
    ['a label', `a{b="${'c'.repeat(60_000)}`],
  ])('a long line of %s is refused a hundred times', (_, line) => {
    for (let times = 0; times < 100; times += 1) expect(() => parse(line)).toThrow('line 1');
  });

  test('more families or samples than an application has are too large', () => {
    const lines = (count: number, line: (n: number) => string): string =>
      Array.from({ length: count }, (_, n) => line(n)).join('\n');
    expect(parse(lines(2000, (n) => `f${n} 1`))).toHaveLength(2000);
    expect(() => parse(lines(2001, (n) => `f${n} 1`))).toThrow(TooLargeError);
    expect(() => parse(lines(50_001, (n) => `f{n="${n}"} 1`))).toThrow(TooLargeError);
  });

  test('no text hangs it, and what it accepts it accepts again', () => {
    const line = fc.string({
      unit: fc.constantFrom(...'a _ { } = " \\ , \t 1 e + # \n'.split(' '), ' '),
      maxLength: 60,
    });
    fc.assert(
      fc.property(line, (text) => {
        let families: readonly ExposedFamily[];
        try {
          families = parse(text);
        } catch {
          return;
        }
        parse(expose(families, 'prometheus').body);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the exposition', () => {
  test('in Prometheus’ text format', () => {
    const { type, body } = expose(FAMILIES.slice(0, 1), 'prometheus');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toBe(
      '# HELP jobs_total Jobs "done", by\\nkind.\n# TYPE jobs_total counter\njobs_total{worker="3",kind="a"} 3\njobs_total{worker="3",kind="b \\"}\\\\ c"} 4e2\n',
    );
  });

  test('in OpenMetrics: counters without their suffix, quotes escaped, an end', () => {
    const { type, body } = expose(FAMILIES, 'openmetrics');
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(body.split('\n').filter((line) => line.startsWith('#'))).toEqual([
      '# HELP jobs Jobs \\"done\\", by\\nkind.',
      '# TYPE jobs counter',
      '# TYPE job_seconds histogram',
      '# TYPE no_type unknown',
      '# TYPE rpc summary',
      '# HELP temperature of the room',
      '# TYPE temperature gauge',
      '# EOF',
    ]);
    expect(body.endsWith('\n# EOF\n')).toBe(true);
  });

  test('so is one whose name without it another has', () => {
    const families = ['hits', 'hits_total'].map((name, place) => ({
      name,
      type: ['gauge', 'counter'][place] ?? '',
      help: null,
      samples: `${name} 1`,
    }));
    expect(expose(families, 'openmetrics').body).toBe(
      '# TYPE hits gauge\nhits 1\n# TYPE hits_total unknown\nhits_total 1\n# EOF\n',
    );
  });

  test('a counter without the suffix is unknown to OpenMetrics', () => {
    const family = { name: 'hits', type: 'counter', help: null, samples: 'hits 1' };
    expect(expose([family], 'openmetrics').body).toBe('# TYPE hits unknown\nhits 1\n# EOF\n');
  });
});

test.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/html, */*;q=0.1', 'prometheus'],
  ['application/openmetrics-text', 'openmetrics'],
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4',
    'openmetrics',
  ],
  ['application/openmetrics-text;q=0.2, text/plain;q=0.9', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
  ['application/openmetrics-text;version=2.0.0', 'prometheus'],
  ['application/vnd.google.protobuf;q=0.9, text/plain;q=0.5', 'prometheus'],
  [';;;q=,,=', 'prometheus'],
])('Accept: %s is answered in the format %s', (accept, format) => {
  expect(negotiate(accept)).toBe(format);
});

test('a registry’s families, with their escapes and with a label for some', async () => {
  const registry = new Registry();
  const registers = [registry];
  const jobs = new Counter({ name: 'jobs_total', help: 'a\\b\n"c"', labelNames: ['k'], registers });
  jobs.inc({ k: 'a"b\\c\nd' }, 2);
  jobs.inc({ k: 'plain' });
  new Gauge({ name: 'level', help: 'l', registers }).set(-Infinity);
  new Gauge({ name: 'nothing', help: 'n', labelNames: ['k'], registers });
  new Histogram({ name: 'time_seconds', help: 't', buckets: [0.5], registers }).observe(1);
  const plain = expose(await familiesOf(registry, () => null), 'prometheus').body;
  const theirs = (await registry.metrics()).replaceAll('\n\n', '\n');
  expect(plain).toBe(theirs);
  const labelled = await familiesOf(registry, (name) => (name === 'level' ? 'x="1"' : null));
  expect(labelled.map(({ samples }) => samples)).toEqual([
    'jobs_total{k="a\\"b\\\\c\\nd"} 2\njobs_total{k="plain"} 1',
    'level{x="1"} -Inf',
    '',
    'time_seconds_bucket{le="0.5"} 0\ntime_seconds_bucket{le="+Inf"} 1\ntime_seconds_sum 1\ntime_seconds_count 1',
  ]);
});
