/** Characters of a text that are shown. */
const LONGEST = 200;

/** What cannot be seen and may do something to a terminal or to the order of a line; and what breaks lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu;

/** A text of somebody else's as one line for people, cut where it is too long; null if nothing is left of it. */
export function plainText(text: string): string | null {
  // a line is not worth a look at all of a very long one
  const line = text
    .slice(0, 4 * LONGEST)
    .replace(INVISIBLE, ' ')
    .trim();
  const characters = Array.from(line);
  const isCut = characters.length > LONGEST || text.length > 4 * LONGEST;
  const shown = isCut ? `${characters.slice(0, LONGEST - 1).join('')}…` : line;
  return shown === '' ? null : shown;
}
