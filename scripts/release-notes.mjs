#!/usr/bin/env node
// Prints what the CHANGELOG says of a tag, for the release on GitHub.
//
//   scripts/release-notes.mjs vX.Y.Z
import { readFileSync } from 'node:fs';

import { changelogSection } from './versions.mjs';

const [tag = ''] = process.argv.slice(2);
const section = changelogSection(readFileSync('CHANGELOG.md', 'utf8'), tag.replace(/^v/, ''));
if (section === undefined) {
  console.error(`CHANGELOG.md: expected a section of ${tag}, found none`);
  process.exitCode = 1;
} else {
  // GitHub shows every line break of a release's text, so a wrapped item becomes one line again
  console.log(section.body.replaceAll(/\n +(?![-*+\s])/g, ' '));
}
