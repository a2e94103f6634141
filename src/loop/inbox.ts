import { now } from './clock.ts';
import type { Seconds } from '../core/state.ts';
import { LONGEST_DELAY } from './exit-event.ts';

/** By how much a deadline that was missed shows that this process was halted, or had no CPU. */
const LATE: Seconds = 0.1;

/** Milliseconds that the system has then to deliver what has come meanwhile: signals go to threads that wait for a CPU. */
const CATCH_UP = 50;

/**
 * The queue of what has happened, with the one timer of the loop.
 *
 * Handlers of signals, exits and probes only put; the loop takes. It wakes in a turn of its own, never
 * inside a handler: a process that is replaced inside its own exit handler keeps libuv in its SIGCHLD
 * loop, where no timer and no socket gets a turn.
 */
export class Inbox<Item> {
  #items: Item[] = [];
  #wake: (() => void) | null = null;

  put(item: Item): void {
    this.#items.push(item);
    if (this.#wake !== null) setImmediate(this.#wake);
    this.#wake = null;
  }

  /** What came since the last call, in its order, or as much of it as is asked for. */
  drain(most: number): readonly Item[] {
    if (this.#items.length > most) return this.#items.splice(0, most);
    const items = this.#items;
    this.#items = [];
    return items;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /**
   * Waits for an item or the deadline, whichever is first; in any case other events get their turn.
   *
   * @param seconds - how long, or null for as long as it takes; 0 or less does not sleep
   */
  async wait(seconds: number | null): Promise<void> {
    const expectedAt = now() + Math.max(seconds ?? Infinity, 0);
    await this.#woken(seconds);
    // what has come in the meantime is put first: somebody who was not given his turn is late himself
    if (now() - expectedAt <= LATE) return;
    await new Promise((resolve) => setTimeout(resolve, CATCH_UP));
  }

  #woken(seconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      if (this.#items.length > 0 || (seconds !== null && seconds <= 0)) {
        setImmediate(resolve);
        return;
      }
      const onDeadline = (): void => {
        this.#wake = null;
        setImmediate(resolve);
      };
      const timer =
        seconds === null
          ? undefined
          : setTimeout(onDeadline, Math.min(Math.ceil(seconds * 1000), LONGEST_DELAY));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
