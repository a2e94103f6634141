import type { Socket } from 'node:net';

/** Milliseconds that a client has for each of: a whole request, and taking the whole answer. */
const CLIENT_TIMEOUT = 10_000;

/** Scrapers, kubelets and browsers need a handful. */
const MAX_CONNECTIONS = 256;

/** Answers that wait for their clients to take them. */
const MAX_ANSWERS = 32;

/** The clients of a server: each has its time, and none can keep the others out. */
export class Connections {
  /** Whose request has yet to come, from the one that has been silent the longest. */
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  /** Whose answer is being made. */
  readonly #answering = new Set<Socket>();
  /** Who have yet to take their answer. */
  readonly #taking = new Map<Socket, NodeJS.Timeout>();

  /** Takes a new client in. Where there are too many, the one that has been silent the longest goes. */
  add(socket: Socket): void {
    if (this.#waiting.size + this.#answering.size + this.#taking.size >= MAX_CONNECTIONS) {
      const [longest = socket] = this.#all();
      longest.destroy();
    }
    socket.once('close', () => {
      this.#forget(socket);
    });
    this.waitFor(socket);
  }

  /** It is the client's turn to ask: it has CLIENT_TIMEOUT, whatever trickles in meanwhile. */
  waitFor(socket: Socket): void {
    this.#limit(this.#waiting, socket);
  }

  /**
   * It is our turn: the client is not to blame for the time that it takes.
   *
   * @returns false if the client asks before it has taken its last answer: somebody who only asks would make
   *   us keep answers without end
   */
  answering(socket: Socket): boolean {
    if (!this.#waiting.has(socket)) return false;
    this.#forget(socket);
    this.#answering.add(socket);
    return true;
  }

  /**
   * It is the client's turn to take the answer: it has CLIENT_TIMEOUT. Answers wait in memory, so where too
   * many clients are slow, the slowest goes.
   */
  takes(socket: Socket): void {
    if (this.#taking.size >= MAX_ANSWERS) {
      const [slowest] = this.#taking.keys();
      slowest?.destroy();
    }
    this.#limit(this.#taking, socket);
  }

  /** Lets all clients go. */
  close(): void {
    for (const socket of this.#all()) socket.destroy();
  }

  /** From the one that has been silent the longest. */
  #all(): readonly Socket[] {
    return [...this.#waiting.keys(), ...this.#taking.keys(), ...this.#answering];
  }

  #limit(clients: Map<Socket, NodeJS.Timeout>, socket: Socket): void {
    this.#forget(socket);
    if (socket.destroyed) return;
    const deadline = setTimeout(() => socket.destroy(), CLIENT_TIMEOUT);
    deadline.unref();
    clients.set(socket, deadline);
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket) ?? this.#taking.get(socket));
    this.#waiting.delete(socket);
    this.#answering.delete(socket);
    this.#taking.delete(socket);
  }
}
