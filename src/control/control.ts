import type { Socket } from 'node:net';

import type { Operation, OperationResult } from '../core/operation.ts';
import type { Status } from '../core/status.ts';
import { statusDocument } from '../observe/status.ts';
import { createControlServer } from './server.ts';
import type { ControlServer } from './server.ts';
import { listenOnSocket } from './socket.ts';
import type { SocketListener } from './socket.ts';

/** What is operated. */
export interface Operated {
  status(): Status;
  operate(operation: Operation, wait: boolean): Promise<OperationResult>;
}

/** The control socket of a supervisor. */
export class Control {
  readonly #server: ControlServer;
  readonly #listener: SocketListener;

  private constructor(server: ControlServer, listener: SocketListener) {
    this.#server = server;
    this.#listener = listener;
  }

  /** @throws ListenError if the path cannot be had */
  static async open(path: string, supervisor: Operated): Promise<Control> {
    const server = createControlServer({
      status: () => statusDocument(supervisor.status()),
      operate: (operation, wait) => supervisor.operate(operation, wait),
    });
    const listener = await listenOnSocket(path, (client: Socket) => {
      server.accept(client);
    });
    return new Control(server, listener);
  }

  /** Takes no new client, and lets those go that are there once they have their answers. */
  async close(): Promise<void> {
    this.#listener.close();
    await this.#server.close();
  }
}
