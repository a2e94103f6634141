import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { expect, test } from '@jest/globals';

import { Inbox } from '../../src/loop/inbox.ts';

/** A socket that puts what it hears, and what is sent to it. */
async function connected(hear: () => void): Promise<Socket> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('data', hear);
  server.close();
  client.on('close', () => socket.destroy());
  return client;
}

/** Is busy, or halted, for longer than any deadline here. */
function halt(): void {
  const end = performance.now() + 200;
  while (performance.now() < end);
}

test('what has come by the deadline is there before it, however late everything is', async () => {
  const inbox = new Inbox<string>();
  const client = await connected(() => {
    inbox.put('heard');
  });
  const waited = inbox.wait(0.02);
  setImmediate(() => {
    client.write('x');
    halt();
  });
  await waited;
  expect(inbox.drain(10)).toEqual(['heard']);
  client.destroy();
});

test('nor is it missed where something else had come just before', async () => {
  const inbox = new Inbox<string>();
  const later = await connected(() => {
    inbox.put('later');
  });
  const client = await connected(() => {
    inbox.put('first');
    later.write('x');
    halt();
  });
  const waited = inbox.wait(0.1);
  client.write('x');
  await waited;
  expect(inbox.drain(10)).toEqual(['first', 'later']);
  client.destroy();
  later.destroy();
});
