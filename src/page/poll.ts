import type { StatusDocument } from '../observe/status.ts';
import { skewOf } from './clock.ts';

/** Milliseconds between an answer and the next question. */
const PACE = 1000;

/** Times as long as the answer has taken, at least: at most a tenth of the supervisor's time is ours. */
const REST = 9;

/** The longest pace while nobody answers. */
const LONGEST_PACE = 10_000;

/** Milliseconds after which an answer is not expected any more. */
const TIMEOUT = 10_000;

/** Is told what comes of each question. */
export interface Listener {
  /** @param skew - milliseconds that the supervisor's clock is ahead of ours */
  answered(document: StatusDocument, skew: number): void;
  /** @param why - in a few words */
  failed(why: string): void;
}

/** Asks for the status again and again, while somebody looks. */
export class Poll {
  readonly #listener: Listener;
  /** Ends what is under way; null while nobody looks. */
  #looking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #skew = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Asks at once, and from then on. */
  start(): void {
    if (this.#looking !== null) return;
    this.#looking = new AbortController();
    void this.#ask(this.#looking.signal);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#looking?.abort();
    this.#looking = null;
  }

  async #ask(stopped: AbortSignal): Promise<void> {
    const sent = Date.now();
    const answer = await ask(stopped);
    if (stopped.aborted) return;
    const received = Date.now();
    let pace = Math.max(PACE, REST * (received - sent));
    if (typeof answer === 'string') {
      pace = Math.min(LONGEST_PACE, PACE * 2 ** this.#failures);
      this.#failures += 1;
      this.#listener.failed(answer);
    } else {
      this.#failures = 0;
      this.#skew = skewOf(this.#skew, answer.date, sent, received);
      this.#listener.answered(answer.document, this.#skew);
    }
    this.#timer = setTimeout(() => void this.#ask(stopped), pace);
  }
}

/** @returns why not, where there is no status */
async function ask(
  stopped: AbortSignal,
): Promise<{ readonly document: StatusDocument; readonly date: number } | string> {
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT)]);
    // relative, so that it is found behind a proxy's prefix too
    const response = await fetch('status', { signal });
    if (!response.ok) return `HTTP ${response.status}`;
    const document = (await response.json()) as Partial<StatusDocument>;
    if (!isStatus(document)) return 'something else answers';
    return { document, date: Date.parse(response.headers.get('date') ?? '') };
  } catch (error) {
    if (error instanceof SyntaxError) return 'something else answers';
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    return isLate ? `no answer within ${TIMEOUT / 1000} s` : 'no connection';
  }
}

/** Another server may have got the port. */
function isStatus(document: Partial<StatusDocument>): document is StatusDocument {
  return typeof document.ready === 'number' && Array.isArray(document.workers);
}
