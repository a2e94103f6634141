import { sampleNamesOf } from '../exposition/exposition.ts';
import type { ExposedFamily } from '../exposition/exposition.ts';

/** Why a family of a worker's is left out. */
export type DropReason =
  /** Another family of that name has another type, or samples of that name. */
  | 'type_conflict'
  /** Its name is one of the supervisor's own. */
  | 'reserved_name';

export const DROP_REASONS: readonly DropReason[] = ['reserved_name', 'type_conflict'];

/** What one worker has exposed; its samples carry its label. */
export interface WorkerFamilies {
  readonly worker: number;
  readonly families: readonly ExposedFamily[];
}

export interface Merged {
  readonly families: readonly ExposedFamily[];
  readonly dropped: readonly { readonly worker: number; readonly reason: DropReason }[];
}

const RESERVED_PREFIX = 'supervisor_';

/** Puts families of the same name together: the supervisor's own, then the workers' in their order. */
export function mergeFamilies(
  own: readonly ExposedFamily[],
  workers: readonly WorkerFamilies[],
): Merged {
  const merged = new Map<string, { readonly head: ExposedFamily; readonly samples: string[] }>();
  const dropped: { worker: number; reason: DropReason }[] = [];
  /** What samples are called that are not called as their family is. */
  const sampleNames = new Set<string>();
  const add = (head: ExposedFamily): void => {
    merged.set(head.name, { head, samples: samplesOf(head) });
    for (const name of sampleNamesOf(head.name, head.type)) sampleNames.add(name);
  };
  const isTaken = ({ name, type }: ExposedFamily): boolean =>
    sampleNames.has(name) || sampleNamesOf(name, type).some((each) => merged.has(each));
  for (const head of own) add(head);
  for (const { worker, families } of workers) {
    for (const family of families) {
      const known = merged.get(family.name);
      if (family.name.startsWith(RESERVED_PREFIX)) {
        dropped.push({ worker, reason: 'reserved_name' });
      } else if (known === undefined ? isTaken(family) : known.head.type !== family.type) {
        dropped.push({ worker, reason: 'type_conflict' });
      } else if (known === undefined) {
        add(family);
      } else {
        known.samples.push(...samplesOf(family));
      }
    }
  }
  const families = [...merged.values()].map(({ head, samples }) => ({
    ...head,
    samples: samples.join('\n'),
  }));
  return { families, dropped };
}

function samplesOf({ samples }: ExposedFamily): string[] {
  return samples === '' ? [] : [samples];
}
