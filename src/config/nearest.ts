import { closest, distance } from 'fastest-levenshtein';

/**
 * The known word that was probably meant, as a hint; undefined where none is near: more than a third
 * of its letters would have to change.
 */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const near = known.length === 0 ? undefined : closest(word, known);
  if (near === undefined || distance(word, near) > Math.max(1, near.length / 3)) return undefined;
  return `did you mean ${JSON.stringify(near)}?`;
}
