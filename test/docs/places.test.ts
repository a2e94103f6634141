import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../helpers/program.ts';

const PAGES = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .trim()
  .split('\n')
  .filter((page) => existsSync(join(ROOT, page)));

/** Paths of the repository as they stand in a page's text, such as `src/core/state.ts`. */
function placesIn(text: string): readonly string[] {
  const named = /`((?:src|test|scripts|bench|deploy|examples|docs|schemas)\/[\w./*-]*)`/g;
  return [...text.matchAll(named)].map(([, place = '']) => place);
}

function isThere(place: string): boolean {
  if (!place.includes('*')) return existsSync(join(ROOT, place));
  const [start = '', end = ''] = basename(place).split('*');
  return readdirSync(join(ROOT, dirname(place))).some(
    (name) => name.startsWith(start) && name.endsWith(end),
  );
}

test('there are pages, and places in them', () => {
  expect(PAGES.length).toBeGreaterThan(20);
  expect(placesIn(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')).length).toBeGreaterThan(20);
});

test.each(PAGES)('what %s names is there', (page) => {
  const places = placesIn(readFileSync(join(ROOT, page), 'utf8'));
  expect(places.filter((place) => !isThere(place))).toEqual([]);
});
