/** The signals that the supervisor itself handles. */
const HANDLED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

export type SignalListener = (signal: NodeJS.Signals) => void;

/**
 * The signals that reach the supervisor. It listens from its construction on, so that one that comes
 * while the rest of the program still loads is kept for whoever subscribes.
 */
export class SignalSource {
  #waiting: NodeJS.Signals[] = [];
  #listener: SignalListener | null = null;
  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#listener === null) this.#waiting.push(signal);
    else this.#listener(signal);
  };

  constructor() {
    for (const signal of HANDLED) process.on(signal, this.#receive);
  }

  /** Delivers every signal from now on, and first those that came before; returns what undoes it. */
  subscribe(listener: SignalListener): () => void {
    this.#listener = listener;
    for (const signal of this.#waiting.splice(0)) listener(signal);
    return () => {
      this.#listener = null;
    };
  }

  /** Gives the signals back their default meaning. */
  close(): void {
    for (const signal of HANDLED) process.off(signal, this.#receive);
  }
}
