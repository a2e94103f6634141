import { sampleNamesOf } from './exposition.ts';
import type { ExposedFamily } from './exposition.ts';

/** Text that is no exposition; the message names the line. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** More than is taken. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/** The label that some types have for themselves: its value is a number. */
const BOUNDS: Readonly<Record<string, string>> = { histogram: 'le', summary: 'quantile' };

/** Characters; a longer line has no place in an exposition. */
const LONGEST_LINE = 64 * 1024;

/** What an application may expose; one that has more is no application's, and would take the supervisor's memory. */
const MOST_FAMILIES = 2000;
const MOST_SAMPLES = 50_000;

// each takes a time in proportion to the line, whatever is in it
const NAME = /^[a-zA-Z_:][\w:]*/;
const OPEN = /[ \t]*\{/y;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*("[^"\\]*(?:\\[\\"n][^"\\]*)*")[ \t]*(?:,|(?=\}))/y;
const CLOSE = /[ \t]*\}/y;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const COMMENT = /^#[ \t]+(HELP|TYPE)[ \t]+([a-zA-Z_:][\w:]*)(?:[ \t]+(.*))?$/;
const SUFFIX = /_(?:bucket|sum|count)$/;
const HELP = /^(?:[^\\]|\\[\\n])*$/;

interface OpenFamily {
  type: string | null;
  help: string | null;
  readonly samples: string[];
}

/**
 * Reads Prometheus' text format piece by piece, so that a large one does not hold up everything else,
 * and adds a label to every sample. Time stamps are left out.
 */
export class ExpositionParser {
  readonly #label: string;
  readonly #labelName: string;
  readonly #families = new Map<string, OpenFamily>();
  #rest = '';
  #line = 0;
  #samples = 0;

  /** A sample's own label of that name gets the prefix `exported_`, as Prometheus does it. */
  constructor(labelName: string, labelValue: string) {
    this.#labelName = labelName;
    this.#label = `${labelName}="${labelValue}"`;
  }

  /** @throws MalformedError, TooLargeError */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#rest.length > LONGEST_LINE) this.#take(this.#rest);
  }

  /**
   * Nothing more comes: what there is of each family, in order.
   *
   * @throws MalformedError
   */
  end(): readonly ExposedFamily[] {
    if (this.#rest !== '') this.#take(this.#rest);
    return [...this.#families].map(([name, { type, help, samples }]) => ({
      name,
      type: type ?? 'untyped',
      help,
      samples: samples.join('\n'),
    }));
  }

  #take(line: string): void {
    this.#line += 1;
    if (line.length > LONGEST_LINE) throw this.#malformed('too long a line');
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text.trim() === '') return;
    if (text.startsWith('#')) this.#comment(text);
    else this.#sample(text);
  }

  #comment(text: string): void {
    const [, keyword, name = '', rest = ''] = COMMENT.exec(text) ?? [];
    if (keyword === undefined) return;
    const family = this.#family(name);
    if (keyword === 'HELP') {
      if (!HELP.test(rest)) throw this.#malformed('an unknown escape');
      family.help ??= rest;
      return;
    }
    const type = rest.trim().toLowerCase();
    if (!TYPES.includes(type)) throw this.#malformed(`an unknown type`);
    if (family.type !== null || family.samples.length > 0) {
      throw this.#malformed(`a type that comes too late`);
    }
    family.type = type;
  }

  #sample(text: string): void {
    const [name] = NAME.exec(text) ?? [];
    if (name === undefined) throw this.#malformed('no sample');
    const { pairs, end } = this.#labels(text, name.length);
    const tail = text.slice(end);
    const [value = '', time = '0', ...more] = tail.trim().split(/[ \t]+/);
    const isApart = end > name.length || /^[ \t]/.test(tail);
    if (!isApart || !isValue(value) || !/^-?\d+$/.test(time) || more.length > 0) {
      throw this.#malformed('no sample');
    }
    this.#samples += 1;
    if (this.#samples > MOST_SAMPLES) throw new TooLargeError(`more than ${MOST_SAMPLES} samples`);
    const all = [this.#label, ...this.#relabelled(pairs)].join(',');
    const family = this.#familyOf(name);
    const bound = BOUNDS[family.type ?? ''];
    if (pairs.some(([key, text]) => key === bound && !isValue(text.slice(1, -1)))) {
      throw this.#malformed('a bound that is no number');
    }
    family.samples.push(`${name}{${all}} ${value}`);
  }

  /** The labels of a sample with their values in quotes, and where they end. */
  #labels(text: string, start: number): { pairs: readonly [string, string][]; end: number } {
    const pairs: [string, string][] = [];
    let end = after(OPEN, text, start);
    if (end === null) return { pairs, end: start };
    for (;;) {
      const close = after(CLOSE, text, end);
      if (close !== null) return { pairs, end: close };
      LABEL.lastIndex = end;
      const [, name = '__name__', value = ''] = LABEL.exec(text) ?? [];
      // that one would be another name of the series
      if (name === '__name__') throw this.#malformed('labels that are none');
      pairs.push([name, value]);
      end = LABEL.lastIndex;
    }
  }

  #relabelled(pairs: readonly [string, string][]): readonly string[] {
    const names = pairs.map(([name]) => name);
    if (new Set(names).size < names.length) throw this.#malformed('a label twice');
    return pairs.map(
      ([name, value]) => `${name === this.#labelName ? freeName(name, names) : name}=${value}`,
    );
  }

  #familyOf(sample: string): OpenFamily {
    const suffix = SUFFIX.exec(sample)?.[0];
    const owner = suffix === undefined ? '' : sample.slice(0, -suffix.length);
    const family = this.#families.get(owner);
    return family !== undefined && sampleNamesOf(owner, family.type ?? '').includes(sample)
      ? family
      : this.#family(sample);
  }

  #family(name: string): OpenFamily {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    if (this.#families.size === MOST_FAMILIES) {
      throw new TooLargeError(`more than ${MOST_FAMILIES} families`);
    }
    const family = { type: null, help: null, samples: [] };
    this.#families.set(name, family);
    return family;
  }

  #malformed(what: string): MalformedError {
    return new MalformedError(`line ${this.#line}: ${what}`);
  }
}

function freeName(name: string, taken: readonly string[]): string {
  const exported = `exported_${name}`;
  return taken.includes(exported) ? freeName(exported, taken) : exported;
}

/** Where a sticky pattern ends that has to match here; null if it does not. */
function after(pattern: RegExp, text: string, start: number): number | null {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : null;
}

/** As Prometheus reads it: decimal, and within a double. */
function isValue(text: string): boolean {
  if (/^(?:[+-]?inf(?:inity)?|nan)$/i.test(text)) return true;
  return NUMBER.test(text) && Number.isFinite(Number(text));
}
