import type { Socket } from 'node:net';

import type { Config } from '../config/generated.ts';
import type { Event } from '../core/event.ts';
import type { Status } from '../core/status.ts';
import type { Answering } from './answering.ts';
import { listen } from './listen.ts';
import type { Listener } from './listen.ts';

/**
 * The port of the metrics and the probes. It is bound at once, because a port that is taken ends the
 * program before anything is started; what counts and answers is loaded by `load`, or once somebody asks,
 * so that no worker waits for it. What has happened until then is kept.
 */
export class Endpoint {
  readonly #config: () => Config;
  readonly #status: () => Status;
  readonly #events: Event[] = [];
  readonly #clients = new Set<Socket>();
  #listener: Listener | undefined;
  #isLoading = false;
  #answering: Answering | undefined;

  /** @param config - the configuration that applies at that moment */
  constructor(config: () => Config, status: () => Status) {
    this.#config = config;
    this.#status = status;
  }

  /**
   * Binds the port.
   *
   * @throws ListenError if the port is taken or the address is not ours
   */
  async listen(): Promise<Listener> {
    return (this.#listener = await listen(this.#config().metrics, (client) => {
      this.#accept(client);
    }));
  }

  /** Counts what the event says. */
  readonly observe = (event: Event): void => {
    if (this.#answering === undefined) this.#events.push(event);
    else this.#answering.observe(event);
  };

  /** Loads what counts and answers; a second call changes nothing. */
  load(): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    void this.#load();
  }

  close(): void {
    this.#listener?.close();
    for (const client of this.#clients) client.destroy();
    this.#answering?.close();
  }

  async #load(): Promise<void> {
    const { createAnswering } = await import('./answering.ts');
    const answering = createAnswering(this.#config, this.#status);
    for (const event of this.#events.splice(0)) answering.observe(event);
    this.#answering = answering;
    for (const client of this.#clients) if (!client.destroyed) answering.accept(client);
    this.#clients.clear();
  }

  #accept(client: Socket): void {
    if (this.#answering !== undefined) {
      this.#answering.accept(client);
      return;
    }
    this.#clients.add(client);
    // one that goes away again is not there when its turn comes
    client.once('error', () => undefined);
    this.load();
  }
}
