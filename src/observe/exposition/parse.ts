import type { ExposedFamily } from './exposition.ts';

/** Text that is no exposition; the message names the line. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];

/** A sample's name can be longer than its family's. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

/** Characters; a longer line has no place in an exposition. */
const LONGEST_LINE = 64 * 1024;

const SAMPLE = /^([a-zA-Z_:][\w:]*)[ \t]*(?:\{(.*)\})?[ \t]*([^\s{}]+)(?:[ \t]+-?\d+)?[ \t]*$/;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t]*(?:,|$)/y;
const COMMENT = /^#[ \t]+(HELP|TYPE)[ \t]+(\S+)[ \t]*(.*)$/;

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
  #current = '';

  /** A sample's own label of that name gets the prefix `exported_`, as Prometheus does it. */
  constructor(labelName: string, labelValue: string) {
    this.#labelName = labelName;
    this.#label = `${labelName}="${labelValue}"`;
  }

  /** @throws MalformedError */
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
    this.#current = name;
    if (keyword === 'HELP') {
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
    const [, name, labels = '', value = ''] = SAMPLE.exec(text) ?? [];
    if (name === undefined || !isValue(value)) throw this.#malformed('no sample');
    const own = this.#relabelled(labels);
    const all = own === '' ? this.#label : `${this.#label},${own}`;
    this.#familyOf(name).samples.push(`${name}{${all}} ${value}`);
  }

  #relabelled(labels: string): string {
    if (labels.trim() === '') return '';
    const pairs: [string, string][] = [];
    LABEL.lastIndex = 0;
    while (LABEL.lastIndex < labels.trimEnd().length) {
      const [, name, value] = LABEL.exec(labels) ?? [];
      if (name === undefined || value === undefined) throw this.#malformed('labels that are none');
      pairs.push([name, value]);
    }
    const names = pairs.map(([name]) => name);
    if (new Set(names).size < names.length) throw this.#malformed('a label twice');
    return pairs
      .map(([name, value]) => `${name === this.#labelName ? freeName(name, names) : name}=${value}`)
      .join(',');
  }

  #familyOf(sample: string): OpenFamily {
    const current = this.#families.get(this.#current);
    const suffixes = SUFFIXES[current?.type ?? ''] ?? [];
    const belongs = suffixes.some((suffix) => sample === `${this.#current}${suffix}`);
    return belongs && current !== undefined ? current : this.#family(sample);
  }

  #family(name: string): OpenFamily {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
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

function isValue(text: string): boolean {
  return /^[+-]?(?:inf(?:inity)?|nan)$/i.test(text) || !Number.isNaN(Number(text));
}
