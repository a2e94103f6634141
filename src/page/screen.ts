import type { Parts } from './dom.ts';
import { timeOfDay } from './format.ts';
import { Table } from './table.ts';
import type { Fact, View } from './view.ts';

/** How the page stands to the supervisor. */
export type Connection =
  | { readonly name: 'live' | 'connecting' }
  | { readonly name: 'paused'; readonly shown: Date | null }
  | {
      readonly name: 'lost';
      readonly since: Date;
      readonly why: string;
      /** When what is shown was answered; null where nothing is. */
      readonly shown: Date | null;
    };

const FACTS: readonly Fact[] = ['state', 'ready', 'restarts', 'memory', 'cpu'];

const NAME = 'container-supervisor';

/** The colours of the icon in the browser's tab, by tone: middle ones, for light and dark tabs. */
const ICON_COLOURS = { good: '2da44e', busy: 'd4a72c', bad: 'cf222e', off: '8c959f' };

/** Puts into the document what the view says. */
export class Screen {
  readonly #parts: Parts;
  readonly #table: Table;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#table = new Table(parts.get('rows'), parts.get('template') as HTMLTemplateElement);
  }

  show({ title, tone, facts, readyShare, rows, empty }: View): void {
    const parts = this.#parts;
    for (const fact of FACTS) {
      parts.setText(fact, facts[fact].text);
      parts.setText(`${fact}-detail`, facts[fact].detail);
    }
    parts.setAttribute('ready-share', 'width', String(readyShare * 100));
    parts.setAttribute('summary', 'data-tone', tone);
    parts.setText('empty', empty);
    parts.setHidden('empty', empty === '');
    parts.setHidden('table', empty !== '');
    parts.setHidden('content', false);
    this.#table.show(rows);
    this.#showTitle(title, ICON_COLOURS[tone]);
  }

  connection(connection: Connection): void {
    const parts = this.#parts;
    parts.setAttribute('page', 'data-connection', connection.name);
    parts.setText('connection', connectionText(connection));
    parts.setAttribute('pause', 'aria-pressed', String(connection.name === 'paused'));
    parts.setHidden('lost', connection.name !== 'lost');
    if (connection.name !== 'lost') return;
    const { since, why, shown } = connection;
    const rest = shown === null ? '' : ` Below is how it stood at ${timeOfDay(shown)}.`;
    parts.setText('lost', `Not answering since ${timeOfDay(since)} (${why}).${rest}`);
    this.#showTitle('not answering', ICON_COLOURS.off);
  }

  #showTitle(title: string, colour: string): void {
    const text = `${title} · ${NAME}`;
    if (document.title !== text) document.title = text;
    const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='%23${colour}'/></svg>`;
    this.#parts.setAttribute('icon', 'href', `data:image/svg+xml,${svg}`);
  }
}

function connectionText(connection: Connection): string {
  switch (connection.name) {
    case 'connecting':
      return 'Connecting';
    case 'live':
      return 'Live';
    case 'paused':
      return connection.shown === null ? 'Paused' : `Paused at ${timeOfDay(connection.shown)}`;
    case 'lost':
      return 'Not answering';
  }
}
