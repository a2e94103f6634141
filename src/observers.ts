import type { Awaitable } from './base-reload.ts';
import type { Event } from './core/event.ts';

/**
 * Is told what has happened. A promise that it returns is not awaited; what it throws is reported as a
 * warning and changes nothing.
 */
export type Observer = (event: Event) => Awaitable<void>;

/** Those who are told what has happened, once what it asks for is done. */
export class Observers {
  readonly #observers: readonly Observer[];
  readonly #events: Event[] = [];

  constructor(observers: readonly Observer[]) {
    this.#observers = observers;
  }

  /** Keeps what has happened until they are told. */
  keep(events: readonly Event[]): void {
    this.#events.push(...events);
  }

  /**
   * Tells them what has been kept.
   *
   * @param most - how many events at most
   * @returns whether there are more
   */
  tell(most = Infinity): boolean {
    for (const event of this.#events.splice(0, most)) {
      for (const observe of this.#observers) tellOne(observe, event);
    }
    return this.#events.length > 0;
  }
}

function tellOne(observe: Observer, event: Event): void {
  try {
    const result = observe(event);
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
