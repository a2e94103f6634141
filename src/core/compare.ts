import type { Config } from '../config/generated.ts';
import { referenceToken } from './json-pointer.ts';

/** What cannot change while the supervisor runs: it is bound, opened or set up once. */
export const KEPT_KEYS = [
  'control',
  'log',
  'metrics',
  'notify',
  'oomScoreAdj',
  'parentDeathSignal',
  'reload',
  'subreaper',
] as const satisfies readonly (keyof Config)[];

/** A new configuration beside the one that runs. */
export interface Comparison {
  /** What applies: the new one, with what is kept. */
  readonly config: Config;
  /** JSON pointers of what is different and applies. */
  readonly changed: readonly string[];
  /** JSON pointers of what is different and is kept. */
  readonly kept: readonly string[];
}

/** Compares a new configuration with the one that runs. */
export function compareConfigs(current: Config, next: Config): Comparison {
  const kept = Object.fromEntries(KEPT_KEYS.map((key) => [key, current[key]]));
  const pointers = differences(current, next, '').filter((pointer) => pointer !== '/$schema');
  const isKept = (pointer: string): boolean =>
    KEPT_KEYS.some((key) => `${pointer}/`.startsWith(`/${key}/`));
  return {
    config: { ...next, ...kept },
    changed: pointers.filter((pointer) => !isKept(pointer)),
    kept: pointers.filter(isKept),
  };
}

/** The JSON pointers of the smallest parts that differ; an array is one part, and so is a variable's value. */
function differences(a: unknown, b: unknown, pointer: string): readonly string[] {
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], `${pointer}/${referenceToken(key)}`));
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [pointer];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a reload has come to, in a few words. */
export function describeChanges({ changed, kept }: Pick<Comparison, 'changed' | 'kept'>): string {
  const parts = [
    ...(changed.length === 0 ? [] : [`changed ${changed.join(', ')}`]),
    ...(kept.length === 0 ? [] : [`kept until the supervisor is restarted: ${kept.join(', ')}`]),
  ];
  return parts.length === 0 ? 'nothing has changed' : parts.join('; ');
}
