import { expect, test } from '@jest/globals';

import { bytesOf } from '../../src/core/quantity.ts';

test.each([
  [1, 1],
  ['1048576', 1048576],
  ['1k', 1000],
  ['1Ki', 1024],
  ['512Mi', 536870912],
  ['512M', 512000000],
  ['1.5Gi', 1610612736],
  ['2T', 2e12],
  ['1Ti', 1099511627776],
  ['1P', 1e15],
  ['1Ei', 2 ** 60],
  ['1E', 1e18],
  ['1e3', 1000],
  ['1E3', 1000],
  ['1.25e9', 1250000000],
  ['0.1', 1],
  ['0.5Ki', 512],
])('%p is %i bytes', (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});
