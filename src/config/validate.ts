import { validate as generated } from './conforms.generated.js';
import { crossCheck } from './cross-check.ts';
import { explain } from './explain.ts';
import type { Config } from './generated.ts';
import { ConfigError } from './problem.ts';

/** Says where the value at a JSON pointer was written. */
export type SourceOf = (pointer: string) => { readonly source: string; readonly pointer: string };

/**
 * What ajv makes of the schema when the program is built: says whether the data is allowed, and fills in
 * the defaults if it is. What is wrong with it takes a program twice as long to tell.
 */
const conforms = generated as (data: unknown) => boolean;

/** What has come out of here: it is frozen, and needs no second look. */
const validated = new WeakSet<object>();

/**
 * Validates a configuration and fills in the defaults. The data is not changed, and the result cannot be.
 *
 * @throws ConfigError with every problem at once
 */
export function validate(data: unknown, sourceOf: SourceOf): Config {
  if (validated.has(data as object)) return data as Config;
  const complete = copyOf(data, sourceOf);
  const findings = conforms(complete) ? [] : explain(complete);
  const invalid = findings.map((finding) => finding.pointer);
  const problems = [...findings, ...crossCheck(complete, invalid)].map((finding) => ({
    ...finding,
    ...sourceOf(finding.pointer),
  }));
  if (problems.length > 0) throw new ConfigError(problems);
  const config = frozen(complete as Config);
  validated.add(config);
  return config;
}

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) frozen(part as object);
  }
  return Object.freeze(value);
}

/** A copy for the defaults to be filled into. */
function copyOf(data: unknown, sourceOf: SourceOf): unknown {
  try {
    return structuredClone(data);
  } catch (error) {
    // a function, say, in what a program has made
    const found =
      error instanceof RangeError ? 'a value that is nested too deeply' : (error as Error).message;
    throw new ConfigError([{ ...sourceOf(''), expected: 'plain data', found }]);
  }
}
