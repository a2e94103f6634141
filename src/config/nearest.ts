import { closest, distance } from 'fastest-levenshtein';

/**
 * The known word that was probably meant, as a hint; undefined where none is near: more than a third
 * of its letters would have to change, and more than a transposition.
 */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const near = known.length === 0 ? undefined : closest(word, known);
  if (near === undefined) return undefined;
  const few = near.length > 3 ? Math.max(2, near.length / 3) : 1;
  return distance(word, near) > few ? undefined : `did you mean ${JSON.stringify(near)}?`;
}
