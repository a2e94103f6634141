import type { ErrorObject, ValidateFunction } from 'ajv';

import { referenceToken } from '../core/json-pointer.ts';
import { describe } from './describe.ts';
import type { SchemaNode } from './describe.ts';
import { validate } from './explain.generated.js';
import { didYouMean } from './nearest.ts';
import { show } from './problem.ts';
import type { Finding } from './problem.ts';

/** What ajv makes of the schema when the program is built, with every error it can find. */
const check = validate as unknown as ValidateFunction;

/** Everything that the schema does not allow; missing values that have defaults are filled in. */
export function explain(data: unknown): readonly Finding[] {
  return check(data) ? [] : findingsOf(check.errors ?? []);
}

type Failure = ErrorObject<string, Record<string, unknown>>;

/** Who has so many problems wants to hear of the first ones; what is not meant as a configuration has millions. */
const MOST_FINDINGS = 100;
const TOO_MANY: Finding = {
  pointer: '',
  expected: `at most ${MOST_FINDINGS} problems`,
  found: 'more',
};

/** One finding per place: ajv tells of every branch of a choice, and people want to hear once. */
function findingsOf(errors: readonly Failure[]): readonly Finding[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf');
  const told = errors.filter((error) => !isBranch(error, errors, choices));
  const findings = new Map<string, Finding>();
  for (const failure of told) {
    const finding = findingOf(failure);
    if (findings.has(finding.pointer)) continue;
    if (findings.size === MOST_FINDINGS) {
      return [...findings.values(), TOO_MANY];
    }
    findings.set(finding.pointer, finding);
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
        : {
            pointer: `${pointer}/${referenceToken(name)}`,
            expected: describe(node),
            found: show(name),
          };
    }
  }
}

function unknownKey(parent: string, key: string, node: SchemaNode): Finding {
  const known = Object.keys(node.properties ?? {});
  return {
    pointer: `${parent}/${referenceToken(key)}`,
    expected: 'a known key',
    found: show(key),
    hint: node['x-unsupported']?.[key] ?? didYouMean(key, known) ?? `known are ${known.join(', ')}`,
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
