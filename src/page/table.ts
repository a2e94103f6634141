import { Parts } from './dom.ts';
import type { Meter, Row } from './row.ts';

/** The table's rows, which are changed in place. */
export class Table {
  readonly #body: Element;
  readonly #template: DocumentFragment;
  readonly #rows = new Map<string, TableRow>();

  constructor(body: Element, { content }: HTMLTemplateElement) {
    this.#body = body;
    this.#template = content;
  }

  show(rows: readonly Row[]): void {
    this.#removeOthers(new Set(rows.map(({ key }) => key)));
    // from the last, since each is put before the one that follows it
    let next: Element | null = null;
    for (const row of rows.toReversed()) {
      const shown: TableRow = this.#rows.get(row.key) ?? this.#add(row, next);
      shown.show(row);
      next = shown.element;
    }
  }

  #removeOthers(keys: ReadonlySet<string>): void {
    for (const [key, { element }] of this.#rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
  }

  #add({ key, start }: Row, next: Element | null): TableRow {
    const copy = document.importNode(this.#template, true);
    const row = new TableRow(new Parts(copy), start);
    this.#rows.set(key, row);
    this.#body.insertBefore(copy, next);
    return row;
  }
}

class TableRow {
  readonly #parts: Parts;
  #start: number;

  constructor(parts: Parts, start: number) {
    this.#parts = parts;
    this.#start = start;
  }

  get element(): Element {
    return this.#parts.get('row');
  }

  show({ index, state, told, pid, uptime, restarts, lastExit, memory, cpu, start }: Row): void {
    const parts = this.#parts;
    parts.setText('index', index);
    parts.setAttribute('state', 'data-tone', state.tone);
    parts.setAttribute('state-shape', 'd', state.shape);
    parts.setText('state-text', state.text);
    parts.setText('state-detail', state.detail);
    parts.setText('told', told);
    parts.setAttribute('told', 'title', told);
    parts.setText('pid', pid);
    parts.setText('uptime', uptime);
    parts.setText('restarts', restarts.text);
    parts.setText('restarts-detail', restarts.detail);
    parts.setText('exit', lastExit.text);
    parts.setText('exit-detail', lastExit.detail);
    parts.setAttribute('exit-detail', 'title', lastExit.at);
    this.#showMeter('memory', memory);
    this.#showMeter('cpu', cpu);
    if (start !== this.#start) this.#flash();
    this.#start = start;
  }

  #showMeter(name: string, { text, label, line, area }: Meter): void {
    this.#parts.setText(name, text);
    this.#parts.setAttribute(`${name}-line`, 'd', line);
    this.#parts.setAttribute(`${name}-area`, 'd', area);
    this.#parts.setAttribute(`${name}-svg`, 'aria-label', label);
    this.#parts.setAttribute(`${name}-svg`, 'aria-hidden', label === '' ? 'true' : '');
  }

  /** Draws the eye to a row whose process is another one, where that is not unwelcome. */
  #flash(): void {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    this.element.animate([{ backgroundColor: 'var(--flash)' }, {}], 2000);
  }
}
