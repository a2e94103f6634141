/** A metric family, as Prometheus' text format declares it. */
export interface ExposedFamily {
  readonly name: string;
  readonly type: string;
}

/** The names that a histogram's samples have beside the family's own. */
const SUFFIXES = ['_bucket', '_sum', '_count'];

/** The families of an exposition, those without a sample included. */
export function familiesOf(exposition: string): readonly ExposedFamily[] {
  return [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }));
}

/** The names that the samples of a family have: its own, or a histogram's three. */
export function sampleNamesOf({ name, type }: ExposedFamily): readonly string[] {
  return type === 'histogram' ? SUFFIXES.map((suffix) => `${name}${suffix}`) : [name];
}
