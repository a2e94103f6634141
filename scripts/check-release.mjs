#!/usr/bin/env node
// Tells whether a tag may be released: every place has its version, and the CHANGELOG a dated section of it.
//
//   scripts/check-release.mjs vX.Y.Z
import { readFileSync } from 'node:fs';

import { changelogSection, places, VERSION, versionsAt } from './versions.mjs';

const [tag = ''] = process.argv.slice(2);
const problems = problemsOf();
if (problems.length === 0) {
  console.log(`${tag}: ok`);
} else {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

function problemsOf() {
  const version = tag.replace(/^v/, '');
  if (tag !== `v${version}` || !VERSION.test(version)) {
    return [`expected a tag such as v1.2.3, found "${tag}"`];
  }
  const differing = places('.').flatMap((place) =>
    versionsAt('.', place)
      .filter((found) => found !== version)
      .map((found) => `${place[0]}: expected ${version}, found ${found}`),
  );
  return [...new Set(differing), ...changelogProblems(version)];
}

function changelogProblems(version) {
  const section = changelogSection(readFileSync('CHANGELOG.md', 'utf8'), version);
  const expected = `CHANGELOG.md: expected a section "## ${version} - YYYY-MM-DD"`;
  if (section === undefined) return [`${expected}, found none`];
  if (section.date === undefined) return [`${expected}, found "${section.heading}"`];
  return section.body === '' ? [`${expected} with changes, found an empty one`] : [];
}
