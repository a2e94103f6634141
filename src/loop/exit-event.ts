/** The longest delay of a Node timer in milliseconds; a longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * An event that is set once and stays set, with the surface of Python's `threading.Event`: `set`, `isSet`,
 * `wait`.
 */
export class ExitEvent {
  #set = false;
  readonly #listeners = new Set<() => void>();

  /** Sets it; whoever waits goes on. A second call changes nothing. */
  set(): void {
    if (this.#set) return;
    this.#set = true;
    for (const listener of [...this.#listeners]) listener();
  }

  isSet(): boolean {
    return this.#set;
  }

  /** Calls back once it is set, at once if it is already; returns what takes that back. */
  onSet(listener: () => void): () => void {
    if (this.#set) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits until it is set, or for so long.
   *
   * @param seconds - the longest wait, 0 to 2,147,483; more counts as that
   * @returns whether it is set
   */
  wait(seconds: number): Promise<boolean> {
    if (this.#set) return Promise.resolve(true);
    return new Promise((resolve) => {
      const forget = this.onSet(() => {
        clearTimeout(timer);
        resolve(true);
      });
      const timer = setTimeout(
        () => {
          forget();
          resolve(false);
        },
        Math.min(seconds * 1000, LONGEST_DELAY),
      );
    });
  }
}
