import type { Format } from './exposition.ts';

/** One entry of an Accept header. */
interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** The format that the client likes best (RFC 9110, 12.5.1); Prometheus' own where it does not say. */
export function negotiate(accept: string | undefined): Format {
  const [best] = (accept ?? '')
    .split(',')
    .map(rangeOf)
    .filter((range) => range.quality > 0 && formatOf(range) !== null)
    .sort((a, b) => b.quality - a.quality);
  return (best === undefined ? null : formatOf(best)) ?? 'prometheus';
}

function rangeOf(text: string): Range {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = new Map(
    rest.map((parameter) => {
      const [name = '', value = ''] = parameter.split('=');
      return [name.trim(), value.trim()] as const;
    }),
  );
  return { type, parameters, quality: Number(parameters.get('q') ?? 1) };
}

function formatOf({ type, parameters }: Range): Format | null {
  if (type === 'application/openmetrics-text') {
    const version = parameters.get('version') ?? '1.0.0';
    return version === '1.0.0' || version === '0.0.1' ? 'openmetrics' : null;
  }
  return type === 'text/plain' || type === 'text/*' || type === '*/*' ? 'prometheus' : null;
}
