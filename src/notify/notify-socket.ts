import { randomUUID } from 'node:crypto';

import { parseNotification } from '../core/notification.ts';
import type { Notification } from '../core/notification.ts';
import type { Datagrams, DatagramSocket } from '../system/datagrams.ts';

/** How many datagrams are taken in one turn of the event loop: whoever sends more gets his turn again. */
const MOST = 16;

/**
 * Where one worker, and whoever it starts, tells of itself by systemd's protocol. The address is of the abstract
 * namespace, so that it needs no file system, and is known to this worker alone.
 */
export class NotifySocket {
  /** The value of NOTIFY_SOCKET. */
  readonly address: string;
  readonly #socket: DatagramSocket;

  /** @throws an error with the system's code, such as EMFILE */
  constructor(datagrams: Datagrams, listener: (told: Notification) => void) {
    const name = `container-supervisor/${randomUUID()}`;
    this.address = `@${name}`;
    this.#socket = datagrams.open(name);
    this.#socket.onReadable(() => {
      this.#receive(listener);
    });
  }

  close(): void {
    this.#socket.close();
  }

  #receive(listener: (told: Notification) => void): void {
    for (let count = 0; count < MOST; count += 1) {
      const datagram = this.#socket.receive();
      if (datagram === null) return;
      // abstract addresses are seen in the whole network namespace, which the containers of a pod share
      if (datagram.pid !== 0) listener(parseNotification(datagram.data.toString('utf8')));
    }
  }
}
