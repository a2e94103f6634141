import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

import type { ExposedFamily } from './exposition.ts';

type Labels = MetricValue<string>['labels'];

/** A histogram's and a summary's samples have names of their own. */
type Value = MetricValue<string> & { readonly metricName?: string };

/**
 * The families of a registry. prom-client's own exposition formats every label of every sample at every
 * scrape; here that is done once for as long as a series is there.
 *
 * @param shared - a label, as `NAME="VALUE"`, for the samples of some families; or null for one
 */
export async function familiesOf(
  registry: Registry,
  shared: (family: string) => string | null,
): Promise<readonly ExposedFamily[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map((metric) => familyOf(metric, shared(metric.name)));
}

function familyOf(
  { name, help, type, values }: MetricObjectWithValues<Value>,
  shared: string | null,
): ExposedFamily {
  const lines = values.map(({ metricName = name, labels, value }) => {
    const own = labelsOf(labels);
    const all = shared === null || own === '' ? (shared ?? own) : `${shared},${own}`;
    return all === ''
      ? `${metricName} ${valueOf(value)}`
      : `${metricName}{${all}} ${valueOf(value)}`;
  });
  // at run time the type is the word, whatever prom-client's types say
  return { name, help: escaped(help), type: String(type), samples: lines.join('\n') };
}

const formatted = new WeakMap<Labels, string>();

function labelsOf(labels: Labels): string {
  const known = formatted.get(labels);
  if (known !== undefined) return known;
  const text = Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`)
    .join(',');
  formatted.set(labels, text);
  return text;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function valueOf(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
