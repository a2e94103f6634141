import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../helpers/program.ts';
import { filesOf } from './files.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('.gitattributes names the generated files, and none that is not there', () => {
  const marked = [...read('.gitattributes').matchAll(/^(\S+) linguist-generated$/gm)].map(
    ([, file = '']) => file,
  );
  const files = filesOf(ROOT);
  expect(marked.filter((file) => !files.includes(file))).toEqual([]);
  const generated = files
    .filter((file) => /\.(?:md|ts|json|ya?ml)$/.test(file))
    .filter((file) => /^(?:<!--|\/\/|#) Generated from /.test(read(file)));
  expect(generated.length).toBeGreaterThan(3);
  expect(generated.filter((file) => !marked.includes(file))).toEqual([]);
});
