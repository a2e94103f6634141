/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where it was written: a file, a flag or an environment variable. */
  readonly source: string;
  /** The JSON pointer of the value; empty where the source names it already. */
  readonly pointer: string;
  /** What a value there may be, as a phrase that fits after "expected". */
  readonly expected: string;
  /** The value, cut where it is long; of `env`, its type alone. */
  readonly found: string;
  /** What to do about it, where that is known. */
  readonly hint?: string | undefined;
}

/** A problem before it is known where the value was written. */
export type Finding = Omit<Problem, 'source'>;

/** A configuration that nothing can be started with. Its message has one line for every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** At least one. Of more than a hundred, the last says that there are more. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `FILE: /json/pointer: expected …, found …; did you mean "…"?` */
export function formatProblem({ source, pointer, expected, found, hint }: Problem): string {
  const place = pointer === '' ? source : `${source}: ${printable(pointer)}`;
  return `${place}: expected ${expected}, found ${found}${hint === undefined ? '' : `; ${hint}`}`;
}

/** Characters of the longest pointer that is shown whole. */
const LONGEST_POINTER = 200;

/** A key may be of any length, and have ends of lines and a terminal's commands in it. */
function printable(pointer: string): string {
  const shown =
    pointer.length > LONGEST_POINTER ? `${pointer.slice(0, LONGEST_POINTER)}…` : pointer;
  return shown.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Characters of the longest value that is shown whole. */
const LONGEST_VALUE = 80;

/** A value as an error message shows it: as JSON, in at most about 80 characters. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}…` : text;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, onlyTheFirst(LONGEST_VALUE));
  } catch {
    return 'a value that refers to itself';
  }
}

/**
 * Leaves out what stands behind so many values, each of which takes a character or more: nobody would see it, and YAML's
 * aliases make a value out of a few lines that no memory holds as JSON.
 */
function onlyTheFirst(most: number): (key: string, value: unknown) => unknown {
  let count = 0;
  return (_, value) => {
    count += 1;
    if (typeof value !== 'object' || value === null) return value;
    if (count > most) return null;
    return Array.isArray(value) ? value.slice(0, most) : value;
  };
}
