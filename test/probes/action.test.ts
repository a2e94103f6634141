import { describe, expect, test } from '@jest/globals';

import { probeActionOf } from '../../src/probes/action.ts';
import { probeOf } from './probe.ts';

const env = { PORT: '8001', HOST: 'db', WHERE: 'health', TOKEN: 'secret', BAD: 'http', NONE: '' };

describe('what a probe does for a worker', () => {
  test('a command with its references expanded', () => {
    const probe = probeOf({
      exec: { command: ['check-$(WHERE)', '$(PORT)', '$$(PORT)', '$(NO)'] },
    });
    expect(probeActionOf(probe, env)).toEqual({
      type: 'exec',
      command: ['check-health', '8001', '$(PORT)', '$(NO)'],
    });
  });

  test('a request: host, port, path and the values of headers', () => {
    const httpHeaders = [{ name: 'X$(TOKEN)', value: 'Bearer $(TOKEN)' }];
    const httpGet = { host: '$(HOST).local', port: '$(PORT)', path: '/$(WHERE)?a=$(HOST)' };
    const probe = probeOf({ httpGet: { ...httpGet, scheme: 'HTTPS', httpHeaders } });
    expect(probeActionOf(probe, env)).toEqual({
      type: 'httpGet',
      host: 'db.local',
      port: 8001,
      scheme: 'HTTPS',
      path: '/health?a=db',
      headers: [{ name: 'X$(TOKEN)', value: 'Bearer secret' }],
    });
  });

  test('a path that is expanded to one without a slash gets one', () => {
    const httpGet = { host: 'a', port: 80, scheme: 'HTTP' as const, httpHeaders: [] };
    expect(
      probeActionOf(probeOf({ httpGet: { ...httpGet, path: '$(WHERE)' } }), env),
    ).toMatchObject({ path: '/health' });
    expect(probeActionOf(probeOf({ httpGet: { ...httpGet, path: '$(NONE)' } }), env)).toMatchObject(
      {
        path: '/',
      },
    );
  });

  test('a connection', () => {
    expect(probeActionOf(probeOf({ tcpSocket: { host: '$(HOST)', port: 5432 } }), env)).toEqual({
      type: 'tcpSocket',
      host: 'db',
      port: 5432,
    });
  });
});

describe('what cannot be done', () => {
  const remedy = 'set the variable in env, or PORT by portBase';

  test.each([
    ['$(NO)', 'found "$(NO)", which names no variable of the worker'],
    ['$(BAD)', 'found "http", from "$(BAD)"'],
    ['$(NONE)', 'found "", from "$(NONE)"'],
    ['0$(NONE)', 'found "0", from "0$(NONE)"'],
    ['$(PORT)0', 'found "80010", from "$(PORT)0"'],
    ['-$(PORT)', 'found "-8001", from "-$(PORT)"'],
    ['$(PORT).0', 'found "8001.0", from "$(PORT).0"'],
  ])('port %s', (port, found) => {
    expect(probeActionOf(probeOf({ tcpSocket: { host: 'a', port } }), env)).toEqual({
      type: 'impossible',
      message: `tcpSocket.port: expected a port (1…65535), ${found}; ${remedy}`,
    });
  });

  test('a host that is empty, which would be another one', () => {
    const httpGet = { host: '$(NONE)', port: 80, path: '/', httpHeaders: [] };
    expect(probeActionOf(probeOf({ httpGet: { ...httpGet, scheme: 'HTTP' } }), env)).toEqual({
      type: 'impossible',
      message: `httpGet.host: expected a host name or an address, found "", from "$(NONE)"; ${remedy}`,
    });
  });

  test('nothing at all', () => {
    expect(probeActionOf(probeOf({}), env)).toEqual({
      type: 'impossible',
      message: 'expected one of exec, httpGet and tcpSocket, found none',
    });
  });
});
