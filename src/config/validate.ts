import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';

import { crossCheck } from './cross-check.ts';
import { describe } from './describe.ts';
import type { SchemaNode } from './describe.ts';
import type { Config } from './generated.ts';
import { didYouMean } from './nearest.ts';
import { ConfigError, show } from './problem.ts';
import type { Problem } from './problem.ts';
import { readSchema } from './schema.ts';

/** Says where the value at a JSON pointer was written. */
export type SourceOf = (pointer: string) => { readonly source: string; readonly pointer: string };

let compiled: ValidateFunction | undefined;

/**
 * Validates a configuration and fills in the defaults. The data is not changed.
 *
 * @throws ConfigError with every problem at once
 */
export function validate(data: unknown, sourceOf: SourceOf): Config {
  compiled ??= new Ajv({
    allErrors: true,
    useDefaults: true,
    verbose: true,
    keywords: ['x-expected'],
  }).compile(readSchema());
  const complete = copyOf(data, sourceOf);
  const findings = compiled(complete) ? [] : findingsOf(compiled.errors ?? []);
  const invalid = findings.map((finding) => finding.pointer);
  const problems = [...findings, ...crossCheck(complete, invalid)].map((finding) => ({
    ...finding,
    ...sourceOf(finding.pointer),
  }));
  if (problems.length > 0) throw new ConfigError(problems);
  return complete as Config;
}

/** A copy for the defaults to be filled into. */
function copyOf(data: unknown, sourceOf: SourceOf): unknown {
  try {
    return structuredClone(data);
  } catch (error) {
    // a function, say, in what a program has made
    const found = (error as Error).message;
    throw new ConfigError([{ ...sourceOf(''), expected: 'plain data', found }]);
  }
}

/** A problem before it is known where the value was written. */
export type Finding = Omit<Problem, 'source'>;

type Failure = ErrorObject<string, Record<string, unknown>>;

/** One finding per place: ajv tells of every branch of a choice, and people want to hear once. */
function findingsOf(errors: readonly Failure[]): readonly Finding[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  const told = errors.filter((error) => !isBranch(error, errors, choices));
  const findings = new Map<string, Finding>();
  for (const finding of told.map(findingOf)) {
    if (!findings.has(finding.pointer)) findings.set(finding.pointer, finding);
  }
  return [...findings.values()];
}

/** Whether another error says it better. */
function isBranch(
  error: Failure,
  errors: readonly Failure[],
  choices: readonly Failure[],
): boolean {
  if (error.keyword === 'propertyNames') return true;
  if (error.keyword === 'anyOf') {
    return errors.some(
      (other) =>
        other.instancePath.startsWith(`${error.instancePath}/`) ||
        (other.instancePath === error.instancePath && isBound(other)),
    );
  }
  const choice = choices.find((other) => other.instancePath === error.instancePath);
  return choice !== undefined && !isBound(error);
}

/** The type is right and the value out of range. */
function isBound({ keyword }: Failure): boolean {
  return keyword === 'minimum' || keyword === 'exclusiveMinimum' || keyword === 'maximum';
}

function findingOf(error: Failure): Finding {
  const { keyword, instancePath: pointer, params, data } = error;
  const node = (error.parentSchema ?? {}) as SchemaNode;
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(pointer, String(params['additionalProperty']), node);
    case 'required': {
      const key = String(params['missingProperty']);
      const wanted = describe(node.properties?.[key] ?? {});
      return { pointer: `${pointer}/${key}`, expected: wanted, found: 'nothing' };
    }
    case 'minimum':
      return { pointer, expected: `at least ${String(params['limit'])}`, found: show(data) };
    case 'exclusiveMinimum':
      return { pointer, expected: `more than ${String(params['limit'])}`, found: show(data) };
    case 'maximum':
      return { pointer, expected: `at most ${String(params['limit'])}`, found: show(data) };
    case 'enum':
      return { pointer, expected: describe(node), found: show(data), hint: hintFor(data, node) };
    default: {
      const { propertyName: name } = error;
      return name === undefined
        ? { pointer, expected: describe(node), found: showAt(pointer, data) }
        : { pointer: `${pointer}/${escape(name)}`, expected: describe(node), found: show(name) };
    }
  }
}

function unknownKey(parent: string, key: string, node: SchemaNode): Finding {
  const known = Object.keys(node.properties ?? {});
  return {
    pointer: `${parent}/${escape(key)}`,
    expected: 'a known key',
    found: show(key),
    hint: didYouMean(key, known) ?? `known are ${known.join(', ')}`,
  };
}

function hintFor(data: unknown, node: SchemaNode): string | undefined {
  return typeof data === 'string' ? didYouMean(data, (node.enum ?? []).map(String)) : undefined;
}

/** Values of the environment may be secrets, even in a wrong type. */
function showAt(pointer: string, data: unknown): string {
  if (!`${pointer}/`.startsWith('/env/')) return show(data);
  return Array.isArray(data)
    ? 'an array'
    : data === null
      ? 'null'
      : `a value of type ${typeof data}`;
}

/** A key as a reference token of a JSON pointer (RFC 6901). */
function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
