import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { parseNotification } from '../../src/core/notification.ts';

test.each([
  ['READY=1', { ready: true }],
  ['READY=1\n', { ready: true }],
  ['STOPPING=1', { ready: false }],
  ['WATCHDOG=1', { watchdog: 'ping' }],
  ['WATCHDOG=trigger', { watchdog: 'trigger' }],
  ['STATUS=serving 3 requests', { status: 'serving 3 requests' }],
  ['STATUS=', { status: '' }],
  ['STATUS=a\tb\u001b[31m', { status: 'a b [31m' }],
  [`STATUS=${'x'.repeat(1000)}`, { status: 'x'.repeat(256) }],
  ['READY=1\nSTATUS=here\nMAINPID=4711', { ready: true, status: 'here' }],
  ['READY=1\nSTOPPING=1', { ready: false }],
  ['BARRIER=1', {}],
  ['RELOADING=1\nMONOTONIC_USEC=1', {}],
  ['READY=0', {}],
  ['READY=10', {}],
  [' READY=1', {}],
  ['ready=1', {}],
  ['', {}],
  ['\0\0\uFFFD', {}],
])('%j', (datagram, told) => {
  expect(parseNotification(datagram)).toEqual(told);
});

test('whatever is sent, it has these keys alone, and a status of one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (datagram) => {
      const { ready, watchdog, status, ...others } = parseNotification(datagram);
      expect(others).toEqual({});
      expect([undefined, true, false]).toContain(ready);
      expect([undefined, 'ping', 'trigger']).toContain(watchdog);
      expect(status ?? '').not.toMatch(/\p{Cc}/u);
    }),
  );
});
