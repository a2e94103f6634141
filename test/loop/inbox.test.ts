import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { expect, test } from '@jest/globals';

import { Inbox } from '../../src/loop/inbox.ts';

test('what has come by the deadline is there before it, however late everything is', async () => {
  const inbox = new Inbox<string>();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.on('data', () => {
    inbox.put('heard');
  });
  const waited = inbox.wait(0.02);
  setImmediate(() => {
    client.write('x');
    // busy, or halted, for longer than that
    const end = performance.now() + 100;
    while (performance.now() < end);
  });
  await waited;
  expect(inbox.drain(10)).toEqual(['heard']);
  client.destroy();
  server.close();
});
