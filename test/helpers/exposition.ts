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

/** The family that a sample of this name would belong to, if it were a histogram's. */
export function withoutSuffix(sample: string): string {
  const suffix = SUFFIXES.find((each) => sample.endsWith(each));
  return suffix === undefined ? sample : sample.slice(0, -suffix.length);
}
