import { describe, expect, test } from '@jest/globals';

import { ConfigError } from '../../src/config/problem.ts';
import { validate } from '../../src/config/validate.ts';

const check = (more: object): ReturnType<typeof validate> =>
  validate({ command: ['true'], ...more }, (pointer) => ({ source: 'FILE', pointer }));

function problemsOf(more: object): readonly string[] {
  try {
    check(more);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

const tcpSocket = { port: 80 };

describe('what is valid', () => {
  test('a probe has the defaults of a container’s', () => {
    expect(check({ livenessProbe: { tcpSocket } })).toMatchObject({
      livenessProbe: {
        tcpSocket: { host: '127.0.0.1', port: 80 },
        initialDelaySeconds: 0,
        periodSeconds: 10,
        timeoutSeconds: 1,
        successThreshold: 1,
        failureThreshold: 3,
      },
    });
    expect(check({ readinessProbe: { httpGet: { port: '$(PORT)' } } })).toMatchObject({
      readinessProbe: {
        httpGet: {
          host: '127.0.0.1',
          port: '$(PORT)',
          path: '/',
          scheme: 'HTTP',
          httpHeaders: [],
        },
      },
    });
  });

  test.each<object>([
    { readinessProbe: { tcpSocket, successThreshold: 3 } },
    { startupProbe: { exec: { command: ['test', '-e', '/tmp/up'] }, periodSeconds: 0.5 } },
    { livenessProbe: { httpGet: { port: 1, path: '/a?b=c', scheme: 'HTTPS', host: '::1' } } },
    { livenessProbe: { httpGet: { port: '80$(SUPERVISOR_WORKER_INDEX)', path: '$(HEALTH)' } } },
    { livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'Host', value: 'a b' }] } } },
    { notify: { socket: true } },
    { notify: { socket: true, watchdogSeconds: 0.5 } },
    { notify: { fd: 3 } },
    { recycle: { maxLifetimeSeconds: 3600 } },
    { recycle: { maxMemory: '1.5Gi', jitter: 0 } },
    { recycle: { maxMemory: 1e9 } },
    { recycle: { maxMemory: '1e9' } },
  ])('%j', (more) => {
    expect(check(more)).toMatchObject(more);
  });
});

describe('what is not, and how it reads', () => {
  test.each<[object, ...string[]]>([
    [
      { livenessProbe: {} },
      'FILE: /livenessProbe: expected one of exec, httpGet, tcpSocket, found none',
    ],
    [
      { readinessProbe: { tcpSocket, exec: { command: ['a'] } } },
      'FILE: /readinessProbe: expected one of exec, httpGet, tcpSocket, found exec and tcpSocket',
    ],
    [
      { livenessProbe: { grpc: { port: 1 } } },
      'FILE: /livenessProbe/grpc: expected a known key, found "grpc"; gRPC is not supported: use exec with grpc_health_probe, httpGet or tcpSocket',
    ],
    [
      { livenessProbe: { tcpSocket, terminationGracePeriodSeconds: 1 } },
      'FILE: /livenessProbe/terminationGracePeriodSeconds: expected a known key, found "terminationGracePeriodSeconds"; a worker\'s grace period is stop.gracePeriodSeconds',
    ],
    [
      { startupProbe: { tcpSocket, successThreshold: 2 } },
      'FILE: /startupProbe/successThreshold: expected 1, as for every startup and liveness probe, found 2',
    ],
    [
      { livenessProbe: { tcpSocket, successThreshold: 2 } },
      'FILE: /livenessProbe/successThreshold: expected 1, as for every startup and liveness probe, found 2',
    ],
    [
      { livenessProbe: { tcpSocket: { port: 'http' } } },
      'FILE: /livenessProbe/tcpSocket/port: expected a port (1…65535), or a string with $(NAME) in it, such as "$(PORT)", found "http"',
    ],
    [
      { livenessProbe: { tcpSocket: { port: 0 } } },
      'FILE: /livenessProbe/tcpSocket/port: expected at least 1, found 0',
    ],
    [
      { livenessProbe: { httpGet: { path: '/' } } },
      'FILE: /livenessProbe/httpGet/port: expected a port (1…65535), or a string with $(NAME) in it, such as "$(PORT)", found nothing',
    ],
    [
      { livenessProbe: { httpGet: { port: 1, path: 'live' } } },
      'FILE: /livenessProbe/httpGet/path: expected a path that starts with "/", without "#" and spaces, found "live"',
    ],
    [
      { livenessProbe: { httpGet: { port: 1, scheme: 'https' } } },
      'FILE: /livenessProbe/httpGet/scheme: expected one of "HTTP", "HTTPS", found "https"',
    ],
    [
      { livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: 'x\n' }] } } },
      'FILE: /livenessProbe/httpGet/httpHeaders/0/name: expected the name of an HTTP header, found "a b"',
      'FILE: /livenessProbe/httpGet/httpHeaders/0/value: expected a string without control characters, found "x\\n"',
    ],
    [
      { livenessProbe: { exec: { command: [] } } },
      'FILE: /livenessProbe/exec/command: expected a non-empty array of strings, found []',
    ],
    [
      { livenessProbe: { tcpSocket, periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0 } },
      'FILE: /livenessProbe/periodSeconds: expected at least 0.1, found 0',
      'FILE: /livenessProbe/timeoutSeconds: expected at least 0.1, found 0',
      'FILE: /livenessProbe/failureThreshold: expected at least 1, found 0',
    ],
    [{ notify: {} }, 'FILE: /notify: expected socket or fd, found none'],
    [{ notify: { socket: true, fd: 3 } }, 'FILE: /notify: expected socket or fd, found both'],
    [
      { notify: { fd: 3, watchdogSeconds: 1 } },
      "FILE: /notify/watchdogSeconds: expected nothing without notify.socket, found 1; s6's protocol has no watchdog; use a liveness probe",
    ],
    [{ notify: { fd: 2 } }, 'FILE: /notify/fd: expected at least 3, found 2'],
    [{ recycle: {} }, 'FILE: /recycle: expected maxLifetimeSeconds or maxMemory, found none'],
    [
      { recycle: { maxLifetimeSeconds: 0 } },
      'FILE: /recycle/maxLifetimeSeconds: expected more than 0, found 0',
    ],
    [
      { recycle: { maxMemory: '512m' } },
      'FILE: /recycle/maxMemory: expected a quantity of bytes, such as "512Mi", found "512m"',
    ],
    [
      { recycle: { maxMemory: '512MB' } },
      'FILE: /recycle/maxMemory: expected a quantity of bytes, such as "512Mi", found "512MB"',
    ],
    [
      { recycle: { maxMemory: '0' } },
      'FILE: /recycle/maxMemory: expected at least one byte, found "0"',
    ],
    [{ recycle: { maxMemory: -1 } }, 'FILE: /recycle/maxMemory: expected at least 1, found -1'],
    [
      { recycle: { maxMemory: '1Gi', jitter: 2 } },
      'FILE: /recycle/jitter: expected at most 1, found 2',
    ],
  ])('%j', (more, ...problems) => {
    expect(problemsOf(more)).toEqual(problems);
  });
});
