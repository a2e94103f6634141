import { expect, test } from '@jest/globals';

import { ago, duration, percent, timeOfDay } from '../../src/page/format.ts';

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
