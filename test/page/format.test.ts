import { expect, test } from '@jest/globals';

import { ago, bytes, duration, percent, timeOfDay } from '../../src/page/format.ts';

test.each([
  [-3, '0 s'],
  [0.9, '0 s'],
  [59.9, '59 s'],
  [60, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3600, '1 h 00 min'],
  [8040, '2 h 14 min'],
  [86_399, '23 h 59 min'],
  [100 * 3600, '4 d 4 h'],
])('a time span of %d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [-1, 'just now'],
  [0.9, 'just now'],
  [40, '40 s ago'],
  [150, '2 min ago'],
  [7200, '2 h ago'],
  [200_000, '2 d ago'],
])('%d s back is %s', (seconds, text) => {
  expect(ago(seconds)).toBe(text);
});

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
  [0, '0.0%'],
  [0.0042, '0.4%'],
  [0.0996, '10%'],
  [1.804, '180%'],
])('a share of %d is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});

test('a time of day has two digits for each part', () => {
  expect(timeOfDay(new Date(2026, 0, 2, 3, 4, 5))).toBe('03:04:05');
});
