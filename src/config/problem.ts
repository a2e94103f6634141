/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where it was written: a file, a flag or an environment variable. */
  readonly source: string;
  /** The JSON pointer of the value; empty where the source names it already. */
  readonly pointer: string;
  readonly expected: string;
  readonly found: string;
  /** What to do about it, where that is known. */
  readonly hint?: string | undefined;
}

/** A problem before it is known where the value was written. */
export type Finding = Omit<Problem, 'source'>;

/** A configuration that nothing can be started with. Its message has one line for every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `FILE: /json/pointer: expected …, found …; did you mean "…"?` */
export function formatProblem({ source, pointer, expected, found, hint }: Problem): string {
  const place = pointer === '' ? source : `${source}: ${pointer}`;
  return `${place}: expected ${expected}, found ${found}${hint === undefined ? '' : `; ${hint}`}`;
}

/** A value as an error message shows it: as JSON, in at most about 80 characters. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value that refers to itself';
  }
}
