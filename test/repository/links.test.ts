// Every link in a page of the repository leads somewhere: to a file that is there, and to a heading that it has.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';

import { ROOT } from '../helpers/program.ts';
import { filesOf } from './files.ts';

const markdown = new MarkdownIt({ html: true });

const FILES = filesOf(ROOT);
const PAGES = FILES.filter((file) => file.endsWith('.md'));

function tokensOf(page: string): readonly Token[] {
  const tokens = markdown.parse(readFileSync(join(ROOT, page), 'utf8'), {});
  return tokens.flatMap((token) => [token, ...(token.children ?? [])]);
}

/** Where the links and pictures of a page lead, those in HTML too. */
function targetsOf(page: string): readonly string[] {
  return tokensOf(page).flatMap((token) => {
    if (token.type === 'link_open') return [token.attrGet('href') ?? ''];
    if (token.type === 'image') return [token.attrGet('src') ?? ''];
    if (!token.type.startsWith('html_')) return [];
    const attributes = token.content.matchAll(/\b(?:href|src|srcset)="([^" ]*)/g);
    return [...attributes].map(([, target = '']) => target);
  });
}

/** The names of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const tokens = tokensOf(page);
  const times = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [index, { type }] of tokens.entries()) {
    if (type !== 'heading_open') continue;
    const anchor = slugOf(textOf(tokens[index + 1]));
    const before = times.get(anchor) ?? 0;
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
    times.set(anchor, before + 1);
  }
  return anchors;
}

const textOf = (heading: Token | undefined): string =>
  (heading?.children ?? []).map(({ content }) => content).join('');

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

const PULL_REQUEST = '.github/PULL_REQUEST_TEMPLATE.md';
const BLOB = '../blob/main/';

const isElsewhere = (target: string): boolean => /^[a-z][a-z+.-]*:/i.test(target);

/** What is wrong with a link, if anything. */
function problemOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  // in a pull request a path begins at /OWNER/NAME/pull/
  if (page === PULL_REQUEST && path.startsWith(BLOB)) {
    return problemOf('README.md', path.slice(BLOB.length));
  }
  if (path.startsWith('/')) return `${target}: expected a relative link`;
  const file = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
  if (file.startsWith('..') || !existsSync(join(ROOT, file)))
    return `${target}: there is no ${file}`;
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  const known = [...anchorsOf(file)];
  return known.includes(decodeURIComponent(anchor))
    ? undefined
    : `${target}: ${file} has no such heading; it has ${known.join(', ')}`;
}

test('there are pages with links', () => {
  expect(PAGES.length).toBeGreaterThan(20);
  expect(targetsOf('README.md').length).toBeGreaterThan(20);
});

describe.each(PAGES)('%s', (page) => {
  test('has no link that leads nowhere', () => {
    const targets = targetsOf(page).filter((target) => !isElsewhere(target));
    expect(targets.flatMap((target) => problemOf(page, target) ?? [])).toEqual([]);
  });
});

test('headings have the names that GitHub gives them', () => {
  expect(slugOf('Who is killed: `stop.killMode`')).toBe('who-is-killed-stopkillmode');
  expect(slugOf('Workers in anything else: COPY --from')).toBe(
    'workers-in-anything-else-copy---from',
  );
});
