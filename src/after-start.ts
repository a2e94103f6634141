/** Milliseconds in which the workers that have just been started have the CPU for themselves. */
const DELAY = 100;

/** What no worker has to wait for: it is done a moment after they have been started. */
export class AfterStart {
  readonly #jobs: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(job: () => void): void {
    this.#jobs.push(job);
  }

  /** The workers have been started. */
  begin(): void {
    this.#timer = setTimeout(() => {
      for (const job of this.#jobs) job();
    }, DELAY);
  }

  /** What is not done yet never is. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
