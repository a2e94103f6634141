/**
 * A metric family as Prometheus' text format has it
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export interface ExposedFamily {
  readonly name: string;
  readonly type: string;
  /** With its escapes; null where there is none. */
  readonly help: string | null;
  /** The lines of its samples, without an end of line behind the last; empty where there is none. */
  readonly samples: string;
}

/** A sample's name can be longer than its family's. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

/** The names that samples of such a family have beside its own. */
export function sampleNamesOf(name: string, type: string): readonly string[] {
  return (SUFFIXES[type] ?? []).map((suffix) => `${name}${suffix}`);
}

export type Format = 'prometheus' | 'openmetrics';

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** An exposition, and the media type to send it with. */
export interface Exposition {
  readonly type: string;
  readonly body: string;
}

export function expose(families: readonly ExposedFamily[], format: Format): Exposition {
  const names = new Set(families.map(({ name }) => name));
  const toText =
    format === 'openmetrics' ? (family: ExposedFamily) => toOpenMetrics(family, names) : toText004;
  const end = format === 'openmetrics' ? '# EOF\n' : '';
  return { type: CONTENT_TYPES[format], body: `${families.map(toText).join('')}${end}` };
}

function toText004({ name, type, help, samples }: ExposedFamily): string {
  const head = `${help === null ? '' : `# HELP ${name} ${help}\n`}# TYPE ${name} ${type}\n`;
  return samples === '' ? head : `${head}${samples}\n`;
}

/**
 * https://prometheus.io/docs/specs/om/open_metrics_spec/: counters are named without their suffix.
 *
 * @param names - of all families: a name that another has already is none for a counter
 */
function toOpenMetrics(family: ExposedFamily, names: ReadonlySet<string>): string {
  const shortName = family.name.replace(/_total$/, '');
  const isCounter = family.type === 'counter' && shortName !== family.name && !names.has(shortName);
  return toText004({
    ...family,
    name: isCounter ? shortName : family.name,
    type: isCounter ? 'counter' : openMetricsType(family.type),
    help: family.help?.replaceAll('"', '\\"') ?? null,
  });
}

/** A counter without the suffix is none there. */
function openMetricsType(type: string): string {
  return type === 'untyped' || type === 'counter' ? 'unknown' : type;
}
