import { expect, test } from '@jest/globals';

import type { Probe } from '../../src/config/generated.ts';
import { probeNotices } from '../../src/core/probe-notices.ts';

const probe = (action: Partial<Probe>): Probe => ({
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
  ...action,
});

const httpGet = {
  host: '127.0.0.1',
  port: 80,
  path: '/',
  scheme: 'HTTP',
  httpHeaders: [],
} as const;

test.each<[string, Probe, number, boolean]>([
  ['one port, two workers', probe({ tcpSocket: { host: '127.0.0.1', port: 80 } }), 2, true],
  ['one port, one worker', probe({ tcpSocket: { host: '127.0.0.1', port: 80 } }), 1, false],
  ['over HTTP', probe({ httpGet: { ...httpGet, httpHeaders: [] } }), 2, true],
  ['a port each', probe({ httpGet: { ...httpGet, httpHeaders: [], port: '$(PORT)' } }), 2, false],
  [
    'a path each',
    probe({ httpGet: { ...httpGet, httpHeaders: [], path: '/$(SUPERVISOR_WORKER_INDEX)' } }),
    2,
    false,
  ],
  ['another host', probe({ tcpSocket: { host: 'db', port: 80 } }), 2, false],
  ['a command', probe({ exec: { command: ['true'] } }), 2, false],
])('%s', (_, livenessProbe, workers, isTold) => {
  expect(probeNotices({ livenessProbe }, workers)).toEqual(
    isTold ? [expect.stringMatching(/^livenessProbe asks the same port .*portBase/)] : [],
  );
});
