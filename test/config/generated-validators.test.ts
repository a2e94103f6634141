import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { validate as conforms } from '../../src/config/conforms.generated.js';
import { explain } from '../../src/config/explain.ts';
import { readSchema } from '../../src/config/schema.ts';

/** Values of which some fit somewhere in the schema, and most are a little wrong. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    'auto',
    'SIGTERM',
    'sequential',
    'json',
    '5%',
    '',
    '/metrics',
    'restart',
  ),
  fc.constantFrom<unknown>(0, 1, 2.5, -1, 255, 256, 65_536, true, false, null),
  fc.constantFrom<unknown>([], ['a'], [1], ['a', 2], {}, { a: 'b' }, { forward: 'SIGTERM' }),
);

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly allOf?: readonly Node[];
}

/** An object that has some of the schema's keys, with objects for those that are objects. */
function objectOf({ properties = {} }: Node, withStranger: boolean): fc.Arbitrary<unknown> {
  const known = Object.fromEntries(
    Object.entries(properties).map(([key, node]) => [
      key,
      node.properties === undefined ? value : fc.oneof(value, objectOf(node, withStranger)),
    ]),
  );
  const keys = withStranger ? { ...known, stranger: value } : known;
  return fc.record(keys, { requiredKeys: [] });
}

const schema = readSchema() as Node;
const configuration = fc
  .oneof(objectOf(schema, false), objectOf(schema, true), value)
  .map((data) =>
    typeof data === 'object' && data !== null && !Array.isArray(data)
      ? { command: ['app'], ...data }
      : data,
  );

test('what says whether a configuration is allowed, and what says why not, agree', () => {
  fc.assert(
    fc.property(configuration, (data) => {
      const [judged, explained] = [structuredClone(data), structuredClone(data)];
      const allowed = (conforms as (data: unknown) => boolean)(judged);
      expect(explain(explained).length === 0).toBe(allowed);
      // the same defaults are filled in
      if (allowed) expect(judged).toEqual(explained);
    }),
    { numRuns: 3000 },
  );
});

test('both outcomes are among them', () => {
  const outcomes = fc
    .sample(configuration, 1000)
    .map((data) => (conforms as (data: unknown) => boolean)(structuredClone(data)));
  expect(new Set(outcomes)).toEqual(new Set([true, false]));
});
