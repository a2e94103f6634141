import type { OperationResult } from './core/operation.ts';

/** Those who wait for what becomes of an operation. */
export class Operations {
  readonly #waiting = new Map<number, (result: OperationResult) => void>();
  #last = 0;
  #isOver = false;

  /**
   * Asks for an operation.
   *
   * @param put - hands it on, with the number by which the answer is known
   */
  ask(put: (id: number) => void): Promise<OperationResult> {
    if (this.#isOver) return Promise.resolve(OVER);
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      put(id);
    });
  }

  answer(id: number, result: OperationResult): void {
    this.#waiting.get(id)?.(result);
    this.#waiting.delete(id);
  }

  /** Nobody will answer any more. */
  end(): void {
    this.#isOver = true;
    for (const id of [...this.#waiting.keys()]) this.answer(id, OVER);
  }
}

const OVER: OperationResult = { outcome: 'aborted', message: 'the supervisor has ended' };
