// What GitHub shows to whoever opens an issue; a form that it cannot read, it does not show, and says so nowhere.
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

import { ROOT } from '../helpers/program.ts';
import { filesOf } from './files.ts';

const text = { type: 'string', minLength: 1 };
const closed = (properties: object, required: readonly string[]): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});

/** An element that is filled in. */
function field(type: string, attributes: object): object {
  return closed(
    {
      type: { const: type },
      id: { type: 'string', pattern: '^[\\w-]+$' },
      attributes: closed(
        { label: text, description: text, placeholder: text, value: text, ...attributes },
        ['label'],
      ),
      validations: closed({ required: { type: 'boolean' } }, []),
    },
    ['type', 'id', 'attributes'],
  );
}

/** As GitHub's documentation has the forms, for the elements that ours are made of. */
const FORM = closed(
  {
    name: text,
    description: text,
    title: text,
    labels: { type: 'array', items: text, uniqueItems: true },
    body: {
      type: 'array',
      minItems: 1,
      items: {
        anyOf: [
          closed({ type: { const: 'markdown' }, attributes: closed({ value: text }, ['value']) }, [
            'type',
            'attributes',
          ]),
          field('input', {}),
          field('textarea', { render: text }),
        ],
      },
    },
  },
  ['name', 'description', 'body'],
);

interface Form {
  readonly name: string;
  readonly body: readonly {
    readonly id?: string;
    readonly attributes: { readonly label?: string; readonly description?: string };
    readonly validations?: { readonly required?: boolean };
  }[];
}

const FOLDER = '.github/ISSUE_TEMPLATE';
const files = filesOf(ROOT).filter(
  (file) => file.startsWith(FOLDER) && !file.endsWith('config.yml'),
);
const read = (file: string): unknown => parse(readFileSync(`${ROOT}${file}`, 'utf8'));
const validate = new Ajv({ allErrors: true, strict: false }).compile(FORM);

test('there is a form for a bug and one for a feature', () => {
  expect(files).toEqual([`${FOLDER}/bug.yml`, `${FOLDER}/feature.yml`]);
});

describe.each(files)('%s', (file) => {
  const form = read(file) as Form;

  test('is a form of GitHub’s', () => {
    expect([validate(form), validate.errors]).toEqual([true, null]);
  });

  test('has fields that differ', () => {
    for (const part of ['id', 'label'] as const) {
      const all = form.body.map((each) => (part === 'id' ? each.id : each.attributes.label));
      const given = all.filter((each) => each !== undefined);
      expect(new Set(given).size).toBe(given.length);
    }
  });
});

test('the form for a bug asks for what is needed to repeat it', () => {
  const { body } = read(`${FOLDER}/bug.yml`) as Form;
  const required = body.filter(({ validations }) => validations?.required === true);
  expect(required.map(({ id }) => id)).toEqual(['what', 'version']);
});

test('the chooser has nothing that GitHub does not know', () => {
  expect(Object.keys(read(`${FOLDER}/config.yml`) as object)).toEqual(['blank_issues_enabled']);
});
