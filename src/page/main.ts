import type { StatusDocument } from '../observe/status.ts';
import { Announcer } from './announcer.ts';
import { Parts } from './dom.ts';
import { recorded } from './history.ts';
import type { History } from './history.ts';
import { Poll } from './poll.ts';
import { Screen } from './screen.ts';
import { viewOf } from './view.ts';

/** What the page knows, and what it does about each answer. */
class Page {
  readonly #parts = new Parts(document);
  readonly #screen = new Screen(this.#parts);
  readonly #announcer = new Announcer(this.#parts.get('announcement'));
  readonly #poll = new Poll({
    answered: (status, skew) => {
      this.#answered(status, skew);
    },
    failed: (why) => {
      this.#failed(why);
    },
  });
  #pid = 0;
  #history: History = new Map();
  /** When what is shown was answered. */
  #shown: Date | null = null;
  #lostSince: Date | null = null;
  #isPaused = false;

  start(): void {
    document.addEventListener('visibilitychange', () => {
      this.#look();
    });
    this.#parts.get('pause').addEventListener('click', () => {
      this.#isPaused = !this.#isPaused;
      const shown = this.#shown;
      this.#screen.connection(this.#isPaused ? { name: 'paused', shown } : { name: 'connecting' });
      this.#look();
    });
    this.#screen.connection({ name: 'connecting' });
    this.#look();
  }

  /** Nobody is asked for what nobody sees. */
  #look(): void {
    if (document.hidden || this.#isPaused) this.#poll.stop();
    else this.#poll.start();
  }

  #answered(status: StatusDocument, skew: number): void {
    const at = performance.now();
    // a new supervisor's processes may have the pids of the former's
    this.#history = recorded(this.#pid === status.pid ? this.#history : new Map(), status, at);
    this.#pid = status.pid;
    this.#shown = new Date();
    if (this.#lostSince !== null) this.#announcer.say('The supervisor answers again.');
    this.#lostSince = null;
    this.#screen.connection({ name: 'live' });
    this.#screen.show(viewOf(status, this.#history, Date.now() + skew));
    this.#announcer.tell(status, at);
  }

  #failed(why: string): void {
    if (this.#lostSince === null) this.#announcer.say('The supervisor does not answer.');
    this.#lostSince ??= new Date();
    this.#screen.connection({ name: 'lost', since: this.#lostSince, why, shown: this.#shown });
  }
}

new Page().start();
