import type { StatusDocument } from '../observe/status.ts';
import { changes } from './changes.ts';

/** Milliseconds between two announcements, so that a crash loop does not talk without a pause. */
const PACE = 5000;

/** Tells screen readers what has changed since it last told something. */
export class Announcer {
  /** An element with `aria-live`. */
  readonly #region: Element;
  #told: StatusDocument | null = null;
  #at = -Infinity;

  constructor(region: Element) {
    this.#region = region;
  }

  /** What comes too soon waits, and is then summed up with what has followed. */
  tell(status: StatusDocument, at: number): void {
    if (at - this.#at < PACE) return;
    const text = changes(this.#told ?? status, status);
    this.#told = status;
    if (text === '') return;
    this.#at = at;
    this.say(text);
  }

  /** Now. */
  say(text: string): void {
    this.#region.textContent = text;
  }
}
