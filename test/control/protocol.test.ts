import { describe, expect, test } from '@jest/globals';

import { encode, operationOf, parseAnswer, parseRequest } from '../../src/control/protocol.ts';
import type { Answer, OperationRequest, Request } from '../../src/control/protocol.ts';
import { statusDocument, workerDocument } from '../page/documents.ts';

describe('a request', () => {
  test.each<Request>([
    { command: 'status' },
    { command: 'scale', workers: 0, wait: true },
    { command: 'scale', workers: 10_000, wait: false },
    { command: 'restart', worker: null, wait: true },
    { command: 'restart', worker: 0, wait: true },
    { command: 'reload', wait: false },
    { command: 'stop', wait: true },
  ])('%j is read as it was written', (request) => {
    const line = encode(request);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(parseRequest(line.slice(0, -1))).toEqual(request);
  });

  test.each([
    ['', 'expected a line of JSON, found ""'],
    ['stop', 'expected a line of JSON, found "stop"'],
    ['[]', 'expected an object of JSON, found []'],
    ['null', 'expected an object of JSON, found null'],
    ['{}', 'command: expected status, scale, restart, reload or stop, found nothing'],
    [
      '{"command":"stpo"}',
      'command: expected status, scale, restart, reload or stop, found "stpo"',
    ],
    ['{"command":"status","wait":true}', 'expected only command, found "wait"'],
    [
      '{"command":"scale","wait":true}',
      'workers: expected an integer from 0 to 10000, found nothing',
    ],
    [
      '{"command":"scale","workers":10001,"wait":true}',
      'workers: expected an integer from 0 to 10000, found 10001',
    ],
    [
      '{"command":"scale","workers":-1,"wait":true}',
      'workers: expected an integer from 0 to 10000, found -1',
    ],
    [
      '{"command":"scale","workers":"2","wait":true}',
      'workers: expected an integer from 0 to 10000, found "2"',
    ],
    ['{"command":"restart","wait":true}', 'worker: expected an integer ≥ 0 or null, found nothing'],
    [
      '{"command":"restart","worker":1.5,"wait":true}',
      'worker: expected an integer ≥ 0 or null, found 1.5',
    ],
    ['{"command":"reload"}', 'wait: expected true or false, found nothing'],
    ['{"command":"stop","wait":1}', 'wait: expected true or false, found 1'],
    ['{"command":"stop","wait":true,"now":1}', 'expected only command, wait, found "now"'],
  ])('%s is refused', (line, message) => {
    expect(() => parseRequest(line)).toThrow(new Error(message));
  });

  test.each<[OperationRequest, unknown]>([
    [
      { command: 'scale', workers: 3, wait: true },
      { type: 'scale', workers: 3 },
    ],
    [
      { command: 'restart', worker: null, wait: true },
      { type: 'restart', worker: null },
    ],
    [{ command: 'reload', wait: true }, { type: 'reload' }],
    [{ command: 'stop', wait: true }, { type: 'stop' }],
  ])('%j is the operation %j', (request, operation) => {
    expect(operationOf(request)).toEqual(operation);
  });
});

describe('an answer', () => {
  test.each<Answer>([
    { outcome: 'done', message: 'Scaled to 3 workers.\nAll of them are ready: “ä”.' },
    { outcome: 'refused', message: 'There is no worker 7.' },
    { outcome: 'aborted', message: 'The supervisor stops.' },
    { outcome: 'done', status: statusDocument([workerDocument()]) },
  ])('%j is read as it was written', (answer) => {
    const line = encode(answer);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(parseAnswer(line.slice(0, -1))).toEqual(answer);
  });

  test.each([
    ['HTTP/1.1 400 Bad Request', 'expected a line of JSON, found "HTTP/1.1 400 Bad Request"'],
    ['{"outcome":"ok"}', 'outcome: expected done, refused or aborted, found "ok"'],
    ['{"outcome":"done"}', 'message: expected a string, found nothing'],
    ['{"outcome":"refused","status":{}}', 'message: expected a string, found nothing'],
  ])('%s is none', (line, message) => {
    expect(() => parseAnswer(line)).toThrow(new Error(message));
  });
});
