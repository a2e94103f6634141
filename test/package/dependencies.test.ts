// What users get of others is a short list, and docs/design.md says what each is for.
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { ROOT } from '../helpers/program.ts';

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly integrity?: string;
}

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && dev !== true)
  .map(([path, locked]) => ({ name: path.replace('node_modules/', ''), ...locked }));
const [, section = ''] = /^## Dependencies$([^]*)/m.exec(read('docs/design.md')) ?? [];

describe('what an installation brings', () => {
  test('is three packages, and the binaries of one of them', () => {
    const names = installed.map(({ name }) => name);
    const binaries = names.filter((name) => name.startsWith('@koromix/koffi-'));
    expect(names.filter((name) => !binaries.includes(name))).toEqual([
      'fastest-levenshtein',
      'koffi',
      'signal-exit',
    ]);
    expect(binaries).toHaveLength(20);
  });

  test('is one binary on each platform, for none of them an obligation', () => {
    for (const { name, os, optional } of installed.filter(({ name }) => name.includes('koffi'))) {
      expect([name, optional]).toEqual([name, true]);
      if (name.startsWith('@')) expect([name, os?.length]).toEqual([name, 1]);
    }
  });

  test('is what the lock file says, to the byte', () => {
    for (const { name, integrity } of installed) {
      expect([name, integrity]).toEqual([name, expect.stringMatching(/^sha512-/)]);
    }
  });
});

test('what the program has in its one file is this', () => {
  const heads = read('dist/third-party-licenses.txt').matchAll(/^(@?[\w/-]+) \d+\.\d+\.\d+$/gm);
  expect([...heads].map(([, name]) => name)).toEqual([
    '@babel/code-frame',
    '@babel/helper-validator-identifier',
    'ajv',
    'cosmiconfig',
    'fastest-levenshtein',
    'index-to-position',
    'js-tokens',
    'js-yaml',
    'parse-json',
    'picocolors',
    'prom-client',
    'signal-exit',
  ]);
});

test('docs/design.md gives each a reason', () => {
  const heads = read('dist/third-party-licenses.txt').matchAll(/^(@?[\w/-]+) \d+\.\d+\.\d+$/gm);
  const names = [...installed.map(({ name }) => name), ...[...heads].map(([, name = '']) => name)];
  for (const name of names.map((each) => each.replace(/^@koromix\/koffi-.*/, '@koromix/koffi-*'))) {
    expect(section).toContain(name);
  }
});
