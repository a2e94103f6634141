const MULTIPLIERS: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Bytes of a Kubernetes quantity (k8s.io/apimachinery, resource.Quantity) that the schema has found to be one:
 * `512Mi`, `1.5G`, `1e9`, `1048576`. Fractions of a byte are rounded up, as Kubernetes does.
 */
export function bytesOf(quantity: number | string): number {
  const text = String(quantity);
  const [, number = '', suffix = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(text) ?? [undefined, text];
  return Math.ceil(Number(number) * (MULTIPLIERS[suffix] ?? 1));
}

/** A number of bytes for people, rounded: `512 MiB`. */
export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
