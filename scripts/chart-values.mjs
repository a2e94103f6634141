// The chart's values.yaml as data: every value with its path and the comment above it.
import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

export const CHART = 'deploy/helm/container-supervisor/';
const FILE = `${CHART}values.yaml`;

/** The comment right above each key, by its dotted path. */
function commentsOf(text) {
  const comments = new Map();
  let pending = [];
  let path = [];
  for (const line of text.split('\n')) {
    const comment = /^ *# ?(.*)$/.exec(line);
    const key = /^( *)(\w+):/.exec(line);
    if (comment !== null) pending.push(comment[1]);
    else if (key !== null) {
      path = [...path.slice(0, key[1].length / 2), key[2]];
      if (pending.length > 0) comments.set(path.join('.'), pending.join(' '));
      pending = [];
    } else pending = [];
  }
  return comments;
}

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * A value as `{ path, value, comment, children }`. A map has children where the chart says what is in it, and
 * none where Kubernetes does.
 */
function describe(path, value, comments) {
  const under = isMap(value)
    ? Object.entries(value).map(([key, child]) => describe(`${path}.${key}`, child, comments))
    : [];
  const isOwn = under.some(({ path: child, comment }) => comment || child.endsWith('.enabled'));
  return { path, value, comment: comments.get(path), children: isOwn ? under : [] };
}

/** The top-level values in the file's order. */
export function readValues() {
  const text = readFileSync(FILE, 'utf8');
  const comments = commentsOf(text);
  return Object.entries(parse(text)).map(([key, value]) => describe(key, value, comments));
}
