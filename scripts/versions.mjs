// Where the project's version is written. scripts/prepare-release.mjs changes it there, scripts/check-release.mjs
// compares it.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A release; without a suffix, because the registries would need a channel of its own for one. */
export const VERSION = /^\d+\.\d+\.\d+$/;

/** What a file says once: what is before the version, and the version. */
const ONCE = [
  ['package.json', /^( {2}"version": ")([^"]*)/m],
  ['package-lock.json', /^( {2}"version": ")([^"]*)/m],
  ['package-lock.json', /^( {4}"": \{\s+"name": "[^"]*",\s+"version": ")([^"]*)/m],
  ...['deploy/Containerfile', 'deploy/Containerfile.standalone'].map((file) => [
    file,
    /(org\.opencontainers\.image\.version=")([^"]*)/,
  ]),
  ...['container-supervisor', 'container-supervisor-sidecar'].flatMap((chart) => [
    [`deploy/helm/${chart}/Chart.yaml`, /^(version: )(.*)/m],
    [`deploy/helm/${chart}/Chart.yaml`, /^(appVersion: ')([^']*)/m],
  ]),
  [
    'deploy/helm/container-supervisor-sidecar/README.md',
    /(- name: container-supervisor-sidecar\s+version: )(.*)/,
  ],
  ['deploy/helm/container-supervisor-sidecar/README.md', /(\/container-supervisor, tag: )([^ }]*)/],
  [
    'deploy/helm/container-supervisor-sidecar/values.yaml',
    /(programImage:[^]*?# Such as `)(\d[^`]*)/,
  ],
];

/** Where a page, an example or a manifest names an image, a package or an archive of the project. */
const NAMED = /(container-supervisor(?:-sidecar)?[:@-])(\d+\.\d+\.\d+)/g;
const NAMING = ['README.md', 'deploy', 'docs', 'examples'];

/** Every place, as its file and its expression, in which group 2 is the version. */
export function places(root) {
  const named = NAMING.flatMap((path) => filesBelow(root, path)).map((file) => [file, NAMED]);
  return [...ONCE, ...named];
}

/** The versions that a place has. @throws where one that has to be there is not */
export function versionsAt(root, [file, pattern]) {
  const text = readFileSync(join(root, file), 'utf8');
  if (pattern.global) return [...text.matchAll(pattern)].map(([, , version]) => version);
  const found = pattern.exec(text);
  if (found === null) throw new Error(`${file}: expected ${pattern}, found nothing like it`);
  return [found[2]];
}

/**
 * What the CHANGELOG says of a release, or of what is not released yet: the heading, its date and what is below it, up
 * to the next heading.
 */
export function changelogSection(changelog, version) {
  const sections = changelog.split(/^(?=## )/m).slice(1);
  const section = sections.find((each) => headingOf(each).version === version);
  if (section === undefined) return undefined;
  const { heading, date } = headingOf(section);
  return { heading, date, body: section.slice(heading.length).trim() };
}

function headingOf(section) {
  const [heading] = section.split('\n', 1);
  const [, version, date] = /^## (\S+)(?: - (\d{4}-\d{2}-\d{2}))?$/.exec(heading) ?? [];
  return { heading, version, date };
}

function filesBelow(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) =>
    name === 'node_modules' ? [] : filesBelow(root, `${path}/${name}`),
  );
}
