/**
 * What the program's first line has listened to while the rest was loading; see cli.cjs.
 */
export interface EarlySignals {
  /** What came, in its order. */
  readonly received: readonly NodeJS.Signals[];
  /** Takes its listeners away. */
  release(): void;
}

export type SignalListener = (signal: NodeJS.Signals) => void;

/** The signals that reach the supervisor. */
export class SignalSource {
  readonly #early: EarlySignals | undefined;

  constructor(early?: EarlySignals) {
    this.#early = early;
  }

  /**
   * Delivers these signals from now on, and first those of them that came while the program loaded.
   *
   * @returns what undoes it: the signals have their default meaning again
   */
  subscribe(signals: readonly NodeJS.Signals[], listener: SignalListener): () => void {
    for (const signal of signals) process.on(signal, listener);
    // only now, so that there is no instant without a listener
    this.#early?.release();
    for (const signal of this.#early?.received ?? []) {
      if (signals.includes(signal)) listener(signal);
    }
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  }

  /** Nobody will subscribe: the signals get their default meaning back. */
  close(): void {
    this.#early?.release();
  }
}
