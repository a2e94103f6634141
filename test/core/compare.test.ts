import { expect, test } from '@jest/globals';

import { completeConfig } from '../../src/config/complete.ts';
import type { UserConfig } from '../../src/config/generated.ts';
import { compareConfigs } from '../../src/core/compare.ts';

const BASE: UserConfig = { command: ['app'], env: { A: '1', 'B/C': '2' }, workers: 2 };

function compared(changes: object): ReturnType<typeof compareConfigs> {
  const complete = (config: UserConfig) => completeConfig(config, 'test');
  return compareConfigs(complete(BASE), complete({ ...BASE, ...changes }));
}

test.each<[object, readonly string[], readonly string[]]>([
  [{}, [], []],
  [{ $schema: 'schema.json' }, [], []],
  [{ workers: 'auto' }, ['/workers'], []],
  [{ env: { A: '2', D: '3' } }, ['/env/A', '/env/B~1C', '/env/D'], []],
  [{ command: ['app', '-v'] }, ['/command'], []],
  [{ portBase: 9000 }, ['/portBase'], []],
  [{ restart: { limit: { restarts: 1, withinSeconds: 2 } } }, ['/restart/limit'], []],
  [{ stop: { order: 'parallel' }, minReady: '50%' }, ['/stop/order', '/minReady'], []],
  [{ metrics: { port: 1, path: '/m' } }, [], ['/metrics/port', '/metrics/path']],
  [{ control: { socket: 's' }, log: { level: 'debug' } }, [], ['/control/socket', '/log/level']],
  [{ reload: { watch: true }, subreaper: true }, [], ['/subreaper', '/reload/watch']],
  [{ oomScoreAdj: false, workers: 3 }, ['/workers'], ['/oomScoreAdj']],
])('%j', (changes, changed, kept) => {
  const comparison = compared(changes);
  expect([comparison.changed, comparison.kept]).toEqual([changed, kept]);
});

test('what is kept is as it was, and the rest is new', () => {
  const { config } = compared({ metrics: { port: 1 }, workers: 5 });
  expect(config).toMatchObject({ workers: 5, metrics: { port: 9464 } });
});
