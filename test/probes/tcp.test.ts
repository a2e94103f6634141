import { constants } from 'node:os';

import { describe, expect, test } from '@jest/globals';

import { outcomeOfFault } from '../../src/probes/fault.ts';
import { probeTcp } from '../../src/probes/tcp.ts';
import { eventually } from '../helpers/eventually.ts';
import { deadPort, outcomeOf, serveTcp } from './servers.ts';

const { EMFILE } = constants.errno;

describe('a TCP probe', () => {
  test('is successful where it can connect, and closes the connection', async () => {
    let connected = 0;
    const { port, clients } = await serveTcp(() => (connected += 1));
    const outcome = await outcomeOf((done) => probeTcp({ host: '127.0.0.1', port }, done));
    expect(outcome).toEqual({ result: 'successful', message: '' });
    await eventually(() => {
      expect({ connected, open: clients.size }).toEqual({ connected: 1, open: 0 });
    });
  });

  test('fails where nobody listens', async () => {
    const port = await deadPort();
    expect(await outcomeOf((done) => probeTcp({ host: '127.0.0.1', port }, done))).toEqual({
      result: 'failed',
      message: `connection refused (127.0.0.1:${port})`,
    });
  });

  test('fails at every address of a name in one sentence', async () => {
    const port = await deadPort();
    expect(await outcomeOf((done) => probeTcp({ host: 'localhost', port }, done))).toEqual({
      result: 'failed',
      message: `connection refused (localhost:${port})`,
    });
  });

  test('fails for a name that nobody has', async () => {
    const { result, message } = await outcomeOf((done) =>
      probeTcp({ host: 'nobody.invalid', port: 1 }, done),
    );
    expect(result).toBe('failed');
    // EAI_AGAIN where there is no name server
    expect(message).toMatch(/^(the host was not found|temporary failure) \(nobody\.invalid:1\)$/);
  });

  test('is no fault of the worker where a descriptor is lacking', () => {
    const lack = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', errno: -EMFILE });
    expect(outcomeOfFault(lack, { host: '::1', port: 80 })).toEqual({
      result: 'unknown',
      message: 'too many open files ([::1]:80)',
    });
  });

  test('that is ended says nothing', async () => {
    const { port } = await serveTcp(() => undefined);
    const told: unknown[] = [];
    probeTcp({ host: '127.0.0.1', port }, (outcome) => told.push(outcome))();
    // a whole other probe later it would have been told
    await outcomeOf((done) => probeTcp({ host: '127.0.0.1', port }, done));
    expect(told).toEqual([]);
  });
});
