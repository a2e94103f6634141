import { ExitEvent } from './loop/exit-event.ts';

/** What a method of the loop may return: a promise is awaited. */
export type Awaitable<T> = T | Promise<T>;

/**
 * The loop of a supervisor: start up; while not asked to stop, wait, and restart what has to be
 * restarted; shut down. A subclass says what these mean. It is the loop of FastStream's `BaseReload`, with its names.
 *
 * @example
 * ```js
 * import { BaseReload } from 'container-supervisor';
 *
 * class Ticker extends BaseReload {
 *   ticks = 0;
 *   startup() {}
 *   shouldRestart() {
 *     return true;
 *   }
 *   restart() {
 *     this.ticks += 1;
 *     if (this.ticks === 3) this.shouldExit.set();
 *   }
 *   shutdown() {
 *     console.log(`${this.ticks} ticks`);
 *   }
 * }
 *
 * await new Ticker(0.01).run();
 * ```
 */
export abstract class BaseReload {
  /** The supervisor's own process id. */
  readonly pid: number = process.pid;

  /** Set it to end the loop: `shouldExit.set()`. */
  readonly shouldExit = new ExitEvent();

  /** The name of this kind of supervisor, for messages. */
  readonly reloaderName: string = '';

  readonly #reloadDelay: number;

  /** @param reloadDelay - seconds between two passes of the loop, 0 or more; 0.5 by default */
  constructor(reloadDelay = 0.5) {
    this.#reloadDelay = reloadDelay;
  }

  /** Seconds between two passes of the loop. */
  get reloadDelay(): number {
    return this.#reloadDelay;
  }

  /** Runs until `shouldExit` is set and everything is shut down. Rejects with what a method throws. */
  async run(): Promise<void> {
    await this.startup();
    while (!(await this.wait())) {
      if (await this.shouldRestart()) await this.restart();
    }
    await this.shutdown();
  }

  /** Starts what is supervised. */
  abstract startup(): Awaitable<void>;

  /** Whether there is something to restart. */
  abstract shouldRestart(): Awaitable<boolean>;

  /** Restarts what has to be restarted. */
  abstract restart(): Awaitable<void>;

  /** Ends what is supervised; returns when it is gone. */
  abstract shutdown(): Awaitable<void>;

  /**
   * Sleeps until the next pass. A subclass that is told when something happens overrides it, so that
   * nothing is polled.
   *
   * @returns whether the loop is asked to end
   */
  protected wait(): Promise<boolean> {
    return this.shouldExit.wait(this.reloadDelay);
  }
}
