import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { NobodyThere } from '../../src/control/client.ts';
import { ask } from '../helpers/ask.ts';
import { createControlServer } from '../../src/control/server.ts';
import type { ControlServer } from '../../src/control/server.ts';
import { listenOnSocket } from '../../src/control/socket.ts';
import type { Operation, OperationResult } from '../../src/core/operation.ts';
import type { StatusDocument } from '../../src/observe/status.ts';
import { eventually } from '../helpers/eventually.ts';
import { workspace } from '../helpers/workspace.ts';
import { statusDocument, workerDocument } from '../page/documents.ts';

const undo: (() => void)[] = [];

afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** Longer than what a socket takes at once. */
const LONG = statusDocument(
  Array.from({ length: 10_000 }, (_, index) => workerDocument({ index })),
);

/** Milliseconds that are less than any time-out. */
const SOON = 5000;

interface Asked {
  readonly operation: Operation;
  readonly wait: boolean;
  readonly end: (result: OperationResult) => void;
  readonly fail: (error: Error) => void;
}

/** What is operated: it does nothing until the test says so. */
class FakeOperator {
  readonly asked: Asked[] = [];
  document: StatusDocument = statusDocument([workerDocument()]);

  status(): StatusDocument {
    return this.document;
  }

  operate(operation: Operation, wait: boolean): Promise<OperationResult> {
    const result = new Promise<OperationResult>((end, fail) => {
      this.asked.push({ operation, wait, end, fail });
    });
    // as one does that has it from others, who have it from others
    return Array.from({ length: 20 }).reduce<typeof result>((last) => last.then((x) => x), result);
  }

  /** The operation of that number, once it has been asked for. */
  async next(index = 0): Promise<Asked> {
    return eventually(() => {
      expect(this.asked.length).toBeGreaterThan(index);
      return this.asked[index]!;
    });
  }
}

interface Served {
  readonly path: string;
  readonly operator: FakeOperator;
  readonly server: ControlServer;
  /** The server's side of every client. */
  readonly clients: readonly Socket[];
}

async function served(): Promise<Served> {
  const path = join(workspace(), 'control.sock');
  const operator = new FakeOperator();
  const server = createControlServer(operator);
  const clients: Socket[] = [];
  const socket = await listenOnSocket(path, (client) => {
    clients.push(client);
    server.accept(client);
  });
  undo.push(() => {
    socket.close();
    void server.close();
  });
  return { path, operator, server, clients };
}

/** A client that sends these bytes, with what it gets and whether it has been let go. */
class Raw {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(path: string, sent: string | Buffer) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.on('error', () => undefined);
    this.socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
    this.socket.on('end', () => (this.isClosed = true));
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.write(sent);
    undo.push(() => this.socket.destroy());
  }

  async answer(): Promise<unknown> {
    await eventually(() => {
      expect(this.received).toMatch(/\n$/);
    });
    return JSON.parse(this.received);
  }
}

describe('a request is answered', () => {
  test('with the status', async () => {
    const { path, operator } = await served();
    const answer = { outcome: 'done', status: operator.document };
    expect(await ask(path, { command: 'status' })).toEqual(answer);
    expect(operator.asked).toEqual([]);
  });

  test('with a status that is longer than what a socket takes at once', async () => {
    const { path, operator } = await served();
    operator.document = LONG;
    const answer = { outcome: 'done', status: operator.document };
    expect(await ask(path, { command: 'status' })).toEqual(answer);
  });

  test.each(['done', 'refused', 'aborted'] as const)(
    'with the result of the operation: %s',
    async (outcome) => {
      const { path, operator } = await served();
      const answer = ask(path, { command: 'scale', workers: 3, wait: true });
      const { operation, wait, end } = await operator.next();
      expect({ operation, wait }).toEqual({ operation: { type: 'scale', workers: 3 }, wait: true });
      end({ outcome, message: 'It is so.' });
      expect(await answer).toEqual({ outcome, message: 'It is so.' });
    },
  );

  test('while others wait', async () => {
    const { path, operator } = await served();
    const first = ask(path, { command: 'restart', worker: null, wait: true });
    const { end } = await operator.next();
    const second = ask(path, { command: 'reload', wait: false });
    const other = await operator.next(1);
    expect(await ask(path, { command: 'status' })).toMatchObject({ outcome: 'done' });
    other.end({ outcome: 'done', message: 'two' });
    expect(await second).toMatchObject({ message: 'two' });
    end({ outcome: 'done', message: 'one' });
    expect(await first).toMatchObject({ message: 'one' });
  });

  test('if it comes byte by byte, or from one who sends nothing more', async () => {
    const { path } = await served();
    const slow = new Raw(path, '');
    for (const character of '{"command":"status"}\n') {
      slow.socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await slow.answer()).toMatchObject({ outcome: 'done' });
    const ended = new Raw(path, '{"command":"status"}\n');
    ended.socket.end();
    expect(await ended.answer()).toMatchObject({ outcome: 'done' });
    await eventually(() => {
      expect(ended.isClosed).toBe(true);
    });
  });

  test('where the operator fails, with its error', async () => {
    const { path, operator } = await served();
    const answer = ask(path, { command: 'stop', wait: true });
    (await operator.next()).fail(new Error('broken'));
    expect(await answer).toEqual({ outcome: 'aborted', message: 'broken' });
  });
});

describe('a request that is none is refused', () => {
  test.each<[string, string | Buffer, string]>([
    ['no JSON', 'hello\n', 'expected a line of JSON, found "hello"'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'expected a line of JSON, found "GET / HTTP/1.1\\r"'],
    [
      'an unknown command',
      '{"command":"kill"}\n',
      'command: expected status, scale, restart, reload or stop, found "kill"',
    ],
    [
      'no UTF-8',
      Buffer.from('{"command":"\xff"}\n', 'latin1'),
      'expected a line in UTF-8, found other bytes',
    ],
    [
      '1 MiB without an end',
      'x'.repeat(2 ** 20),
      'expected a line of at most 4096 bytes, found more',
    ],
    [
      'a line of 4097 bytes',
      `${'x'.repeat(4096)}\n`,
      'expected a line of at most 4096 bytes, found more',
    ],
  ])('%s', async (_, sent, message) => {
    const { path, operator, clients } = await served();
    const client = new Raw(path, sent);
    expect(await client.answer()).toEqual({ outcome: 'refused', message });
    client.socket.end();
    await eventually(() => {
      expect(clients[0]?.destroyed).toBe(true);
    }, SOON);
    expect(operator.asked).toEqual([]);
  });

  test('half of one', async () => {
    const { path, operator } = await served();
    const client = new Raw(path, '{"command":"stop","wait":true}');
    client.socket.end();
    expect(await client.answer()).toEqual({
      outcome: 'refused',
      message: 'expected a line with an end, found none',
    });
    expect(operator.asked).toEqual([]);
  });

  test('a line of 4096 bytes is none of them', async () => {
    const { path } = await served();
    const client = new Raw(path, `${'{"command":"status"}'.padEnd(4095)}\n`);
    expect(await client.answer()).toMatchObject({ outcome: 'done' });
  });
});

describe('a client cannot harm', () => {
  test('by its silence, or by not taking its answer: it is let go after 10 s', async () => {
    const { path, operator, clients } = await served();
    const silent = new Raw(path, '');
    const half = new Raw(path, '{"command":');
    operator.document = LONG;
    const full = new Raw(path, '');
    full.socket.pause().write('{"command":"status"}\n');
    await eventually(() => {
      expect(clients.map(({ writableLength }) => writableLength > 0)).toContain(true);
    });
    // others are served meanwhile
    expect(await ask(path, { command: 'status' })).toMatchObject({ outcome: 'done' });
    const held = clients.filter(({ destroyed }) => !destroyed);
    expect(held.length).toBeGreaterThanOrEqual(3);
    await eventually(() => {
      expect(held.filter(({ destroyed }) => !destroyed)).toEqual([]);
    });
    expect([silent.received, half.received]).toEqual(['', '']);
  });

  test('by its number: of 300, those that have been silent the longest go', async () => {
    const { path } = await served();
    const many = Array.from({ length: 300 }, () => new Raw(path, ''));
    await eventually(() => {
      expect(many.filter(({ isClosed }) => isClosed)).toHaveLength(300 - 256);
    });
    expect(await ask(path, { command: 'status' })).toMatchObject({ outcome: 'done' });
  });

  test('by its going while it waits', async () => {
    const { path, operator } = await served();
    const client = new Raw(path, '{"command":"reload","wait":true}\n');
    const { end } = await operator.next();
    client.socket.destroy();
    await ask(path, { command: 'status' });
    end({ outcome: 'done', message: 'Nobody hears it.' });
    expect(await ask(path, { command: 'status' })).toMatchObject({ outcome: 'done' });
  });

  test('by asking twice: the second request is not read', async () => {
    const { path, operator } = await served();
    const client = new Raw(
      path,
      '{"command":"reload","wait":true}\n{"command":"stop","wait":true}\n',
    );
    (await operator.next()).end({ outcome: 'done', message: 'one' });
    expect(await client.answer()).toEqual({ outcome: 'done', message: 'one' });
    expect(operator.asked).toHaveLength(1);
  });
});

describe('in the end', () => {
  test('the result that has just come is answered, and whoever waits is let go', async () => {
    const { path, operator, server } = await served();
    const stopped = ask(path, { command: 'stop', wait: true });
    const { end } = await operator.next();
    const waits = expect(ask(path, { command: 'restart', worker: 0, wait: true })).rejects.toThrow(
      NobodyThere,
    );
    await operator.next(1);
    end({ outcome: 'done', message: 'Every worker is gone.' });
    await server.close();
    expect(await stopped).toEqual({ outcome: 'done', message: 'Every worker is gone.' });
    await waits;
  });

  test('who does not take an answer is waited for 500 ms', async () => {
    const { path, operator, server, clients } = await served();
    operator.document = LONG;
    const client = connect(path);
    undo.push(() => client.destroy());
    client.pause().write('{"command":"status"}\n');
    await eventually(() => {
      expect(clients[0]?.writableLength).toBeGreaterThan(0);
    });
    const start = Date.now();
    await server.close();
    expect(Date.now() - start).toBeGreaterThanOrEqual(490);
    expect(clients[0]?.destroyed).toBe(true);
  });

  test('a new client is not taken', async () => {
    const { path, server } = await served();
    await server.close();
    await expect(ask(path, { command: 'status' })).rejects.toThrow(NobodyThere);
  });
});

describe('a client learns', () => {
  test('that nobody is there', async () => {
    const directory = workspace({ file: '' });
    for (const name of ['absent', 'file', 'file/below']) {
      const path = join(directory, name);
      const asked = ask(path, { command: 'status' });
      await expect(asked).rejects.toThrow(NobodyThere);
      await expect(asked).rejects.toThrow(`${path}: no supervisor listens there (`);
    }
  });

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n', 'the answer is not that of a supervisor: expected a line of'],
    ['', 'the supervisor has ended without an answer'],
    ['{"outcome":"done","mess', 'the supervisor has ended without an answer'],
  ])('that the answer %j is none', async (answer, message) => {
    const path = join(workspace(), 'other.sock');
    const other = createServer((client) => client.resume().end(answer));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    undo.push(() => other.close());
    await expect(ask(path, { command: 'status' })).rejects.toThrow(`${path}: ${message}`);
  });
});
