import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { validate } from '../../src/config/validate.ts';
import { World } from './harness.ts';

const document = readFileSync(new URL('../../docs/restart-policy.md', import.meta.url), 'utf8');
const rows = [...document.matchAll(/^\| (\(defaults\)|`backoff: [^|]*`) +\|(.*)\|$/gm)].map(
  ([, name = '', cells = '']) => [name, cells.split('|').map(Number)] as const,
);

test('the document has its table', () => {
  expect(rows).toHaveLength(5);
});

test.each(rows)('the next ten restarts of %s are as the document says', (name, expected) => {
  const backoff: unknown = name.startsWith('`')
    ? { ...(JSON.parse(name.slice('`backoff: '.length, -1)) as object), jitter: 0 }
    : undefined;
  const data = { command: ['app'], ...(backoff === undefined ? {} : { restart: { backoff } }) };
  const config = validate(data, (pointer) => ({ source: 'docs', pointer }));
  const world = new World(config).start(1);
  expected.forEach(() => {
    world.exit(0, 1);
    world.advance(untilStart(world));
  });
  const starts = world.spawns().map(([, , at]) => at);
  const delays = starts
    .slice(1)
    .map((at, index) => Number((at - (starts[index] ?? NaN)).toFixed(6)));
  expect(delays).toEqual(expected);
});

function untilStart(world: World): number {
  return world.eventsOf('worker-exited').at(-1)?.restart?.delay ?? 0;
}
