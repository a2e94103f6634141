#!/usr/bin/env node
// Writes a version to every place that has one, and gives the CHANGELOG's unreleased section its heading and date.
//
//   scripts/prepare-release.mjs X.Y.Z
import { readFileSync, writeFileSync } from 'node:fs';

import { changelogSection, places, VERSION, versionsAt } from './versions.mjs';

const CHANGELOG = 'CHANGELOG.md';
const UNRELEASED = '## Unreleased';

const [version = ''] = process.argv.slice(2);
const changelog = readFileSync(CHANGELOG, 'utf8');
const problem = problemOf();
if (problem === undefined) {
  release();
} else {
  console.error(problem);
  process.exitCode = 1;
}

function problemOf() {
  if (!VERSION.test(version)) return `expected a version such as 1.2.3, found "${version}"`;
  if (changelogSection(changelog, version) !== undefined) {
    return `${CHANGELOG}: expected no section ${version} yet, found one`;
  }
  const { body = '' } = changelogSection(changelog, 'Unreleased') ?? {};
  return body === ''
    ? `${CHANGELOG}: expected changes under "${UNRELEASED}", found none`
    : undefined;
}

function release() {
  // all of them are there before the first is changed
  const all = places('.').filter((place) => versionsAt('.', place).length > 0);
  for (const [file, pattern] of all) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(pattern, `$1${version}`));
  }
  const date = new Date().toISOString().slice(0, 10);
  const headings = `${UNRELEASED}\n\n## ${version} - ${date}`;
  writeFileSync(CHANGELOG, changelog.replace(UNRELEASED, headings));
  const files = [...new Set([CHANGELOG, ...all.map(([file]) => file)])];
  console.log(files.map((file) => `${file}: ${version}`).join('\n'));
}
