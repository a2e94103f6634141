import type { Config } from '../config/generated.ts';

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

/** Signals that are listened to. */
export interface SignalSubscription {
  /** Listens to these from now on, and to no others. */
  change(signals: readonly NodeJS.Signals[]): void;
  /**
   * The signals have their default meaning again. In a program that has listened from its first line on they
   * are ignored instead, for the moment that is left of it.
   */
  end(): void;
}

/** The signals that reach the supervisor. */
export class SignalSource {
  readonly #early: EarlySignals | undefined;

  constructor(early?: EarlySignals) {
    this.#early = early;
  }

  /** Delivers these signals from now on, and first those of them that came while the program loaded. */
  subscribe(signals: readonly NodeJS.Signals[], listener: SignalListener): SignalSubscription {
    let undo = listen(signals, listener);
    let current = signals;
    // only now, so that there is no instant without a listener
    this.#early?.release();
    for (const signal of this.#early?.received ?? []) {
      if (signals.includes(signal)) listener(signal);
    }
    return {
      change: (next) => {
        const before = undo;
        // a signal twice for an instant in which none is delivered
        undo = listen(next, listener);
        current = next;
        before();
      },
      end: () => {
        if (this.#early !== undefined) for (const signal of current) process.on(signal, ignore);
        undo();
      },
    };
  }

  /** Nobody will subscribe: the signals get their default meaning back. */
  close(): void {
    this.#early?.release();
  }
}

/** @returns what undoes it */
function listen(signals: readonly NodeJS.Signals[], listener: SignalListener): () => void {
  const aliases = signals.flatMap((signal) => ALIASES[signal] ?? []);
  // a function of its own, so that what undoes it takes this one away
  const own: SignalListener = (signal) => {
    listener(signal);
  };
  const ownIgnore = (): void => undefined;
  for (const signal of signals) process.on(signal, own);
  for (const alias of aliases) process.on(alias, ownIgnore);
  return () => {
    for (const signal of signals) process.off(signal, own);
    for (const alias of aliases) process.off(alias, ownIgnore);
  };
}

/** The signals that the configuration says something of. */
export function signalsOf({ signals }: Pick<Config, 'signals'>): readonly NodeJS.Signals[] {
  return Object.keys(signals) as NodeJS.Signals[];
}
