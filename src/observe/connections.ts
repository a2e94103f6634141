import type { Socket } from 'node:net';

/** Milliseconds that a client has for each of: a whole request, and taking the whole answer. */
const CLIENT_TIMEOUT = 10_000;

/** Scrapers, kubelets and browsers need a handful. */
const MAX_CONNECTIONS = 256;

/** The clients of a server: each has its time, and none can keep the others out. */
export class Connections {
  /** From the one that has been waiting for its client the longest. */
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  readonly #answering = new Set<Socket>();

  /** Takes a new client in. Where there are too many, the one that has been silent the longest goes. */
  add(socket: Socket): void {
    if (this.#waiting.size + this.#answering.size >= MAX_CONNECTIONS) {
      const [longest] = this.#waiting.keys();
      (longest ?? socket).destroy();
    }
    socket.once('close', () => {
      this.#forget(socket);
    });
    this.waitFor(socket);
  }

  /** It is the client's turn: it has CLIENT_TIMEOUT, whatever trickles in meanwhile. */
  waitFor(socket: Socket): void {
    this.#forget(socket);
    if (socket.destroyed) return;
    const deadline = setTimeout(() => socket.destroy(), CLIENT_TIMEOUT);
    deadline.unref();
    this.#waiting.set(socket, deadline);
  }

  /** It is our turn: the client is not to blame for the time that it takes. */
  answering(socket: Socket): void {
    this.#forget(socket);
    if (!socket.destroyed) this.#answering.add(socket);
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
    this.#answering.delete(socket);
  }
}
