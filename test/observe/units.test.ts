import { expect, test } from '@jest/globals';

import { bytes, counted } from '../../src/observe/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '0.98 KiB'],
  [1024, '1.00 KiB'],
  [41.3 * 2 ** 20, '41.3 MiB'],
  [99.96 * 2 ** 20, '100 MiB'],
  [999.4 * 2 ** 20, '999 MiB'],
  [999.6 * 2 ** 20, '0.98 GiB'],
  [1.24 * 2 ** 30, '1.24 GiB'],
  [5000 * 2 ** 40, '5000 TiB'],
])('%d bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

test.each([
  [0, '0 workers'],
  [1, '1 worker'],
  [2, '2 workers'],
])('of %d it says %s', (count, text) => {
  expect(counted(count, 'worker')).toBe(text);
});
