/**
 * What the program's first line has listened to while the rest was loading; see early-signals.ts.
 */
export interface EarlySignals {
  /** What came, in its order. */
  readonly received: readonly NodeJS.Signals[];
  /** Takes its listeners away. */
  release(): void;
}

export type SignalListener = (signal: NodeJS.Signals) => void;

/**
 * Second names of the same signals. signal-exit listens to both, and would end the program where nobody
 * else listens to one of them.
 */
const ALIASES: Readonly<Partial<Record<NodeJS.Signals, NodeJS.Signals>>> = {
  SIGABRT: 'SIGIOT',
  SIGIO: 'SIGPOLL',
};

const ignore = (): void => undefined;

/** The signals that reach the supervisor. */
export class SignalSource {
  readonly #early: EarlySignals | undefined;

  constructor(early?: EarlySignals) {
    this.#early = early;
  }

  /**
   * Delivers these signals from now on, and first those of them that came while the program loaded.
   *
   * @returns what undoes it: the signals have their default meaning again. In a program that has listened
   *   from its first line on they are ignored instead, for the moment that is left of it.
   */
  subscribe(signals: readonly NodeJS.Signals[], listener: SignalListener): () => void {
    const aliases = signals.flatMap((signal) => ALIASES[signal] ?? []);
    for (const signal of signals) process.on(signal, listener);
    for (const alias of aliases) process.on(alias, ignore);
    // only now, so that there is no instant without a listener
    this.#early?.release();
    for (const signal of this.#early?.received ?? []) {
      if (signals.includes(signal)) listener(signal);
    }
    return () => {
      if (this.#early !== undefined) for (const signal of signals) process.on(signal, ignore);
      for (const signal of signals) process.off(signal, listener);
      for (const alias of aliases) process.off(alias, ignore);
    };
  }

  /** Nobody will subscribe: the signals get their default meaning back. */
  close(): void {
    this.#early?.release();
  }
}
