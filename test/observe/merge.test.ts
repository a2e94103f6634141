import { expect, test } from '@jest/globals';

import type { ExposedFamily } from '../../src/observe/exposition/exposition.ts';
import { mergeFamilies } from '../../src/observe/worker-metrics/merge.ts';

const family = (name: string, type: string, samples: string): ExposedFamily => ({
  name,
  type,
  help: `Help of ${name}.`,
  samples,
});

test('families of the same name come together, ours first, then by worker', () => {
  const own = [family('process_cpu', 'gauge', 'o'), family('nodejs_gc', 'histogram', '')];
  const { families, dropped } = mergeFamilies(own, [
    { worker: 0, families: [family('jobs', 'counter', 'a'), family('process_cpu', 'gauge', 'b')] },
    { worker: 2, families: [family('process_cpu', 'gauge', 'c'), family('jobs', 'counter', 'd')] },
  ]);
  expect(families).toEqual([
    family('process_cpu', 'gauge', 'o\nb\nc'),
    family('nodejs_gc', 'histogram', ''),
    family('jobs', 'counter', 'a\nd'),
  ]);
  expect(dropped).toEqual([]);
});

test('what contradicts or takes our names is left out, and said', () => {
  const own = [
    family('supervisor_workers_ready', 'gauge', 'o'),
    family('process_cpu', 'gauge', 'p'),
  ];
  const { families, dropped } = mergeFamilies(own, [
    { worker: 0, families: [family('jobs', 'counter', 'a')] },
    {
      worker: 1,
      families: [
        family('jobs', 'gauge', 'b'),
        family('process_cpu', 'untyped', 'c'),
        family('supervisor_workers_ready', 'gauge', 'd'),
        family('supervisor_new', 'gauge', 'e'),
        family('fine', 'gauge', 'f'),
      ],
    },
  ]);
  expect(families).toEqual([...own, family('jobs', 'counter', 'a'), family('fine', 'gauge', 'f')]);
  expect(dropped).toEqual([
    { worker: 1, reason: 'type_conflict' },
    { worker: 1, reason: 'type_conflict' },
    { worker: 1, reason: 'reserved_name' },
    { worker: 1, reason: 'reserved_name' },
  ]);
});

test.each([
  ['a_sum', 'gauge', 'a', 'histogram'],
  ['a', 'summary', 'a_count', 'counter'],
  ['a_bucket', 'histogram', 'a', 'histogram'],
])('%s as %s and %s as %s would have samples of the same name: the first stays', (...names) => {
  const [first, firstType, second, secondType] = names;
  const { families, dropped } = mergeFamilies(
    [],
    [
      { worker: 0, families: [family(first, firstType, 'x')] },
      { worker: 1, families: [family(second, secondType, 'y'), family('a_max', 'gauge', 'z')] },
    ],
  );
  expect(families.map(({ name }) => name)).toEqual([first, 'a_max']);
  expect(dropped).toEqual([{ worker: 1, reason: 'type_conflict' }]);
});
