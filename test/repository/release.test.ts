// A release, as docs/versioning.md says it is made, with the real scripts in a copy of the repository.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { runHelm } from '../helpers/helm.ts';
import { ROOT, VERSION } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { copyOfRepository, filesOf } from './files.ts';

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const NEXT = '7.8.9';
const KUBERNETES = ['--kube-version', '1.35.0'];
const TODAY = /\d{4}-\d{2}-\d{2}/;

function run(cwd: string, script: string, ...args: readonly string[]): Result {
  return spawnSync(join(cwd, 'scripts', script), args, { cwd, encoding: 'utf8' });
}

function change(cwd: string, file: string, from: string | RegExp, to: string): void {
  const path = join(cwd, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

const CHANGELOG = '# Changelog\n\n## Unreleased\n\n### Added\n\n- Something new.\n';

/** A copy of the repository with something to release, also where the last change was a release. */
function unreleased(): string {
  const copy = copyOfRepository();
  writeFileSync(join(copy, 'CHANGELOG.md'), CHANGELOG);
  return copy;
}

/** A copy of the repository in which that version is ready to be tagged. */
function prepared(): string {
  const copy = unreleased();
  expect(run(copy, 'prepare-release.mjs', NEXT)).toMatchObject({ status: 0, stderr: '' });
  return copy;
}

describe('prepare-release', () => {
  test('leaves no place with the version before, but what was measured with it', () => {
    const copy = prepared();
    const before = new RegExp(`(?<![\\d.])${VERSION.replaceAll('.', '\\.')}(?![\\d.]*\\d)`);
    const measured = ['CHANGELOG.md', 'docs/performance.md'];
    const named = filesOf(copy)
      .filter((file) => !/^test\/|\/package\.json$|package-lock\.json$|\.png$/.test(file))
      .filter((file) => before.test(readFileSync(join(copy, file), 'utf8')));
    expect(named.filter((file) => !measured.includes(file))).toEqual([]);
    const { packages, version } = JSON.parse(
      readFileSync(join(copy, 'package-lock.json'), 'utf8'),
    ) as { version: string; packages: Record<string, { version: string }> };
    expect([version, packages['']?.version]).toEqual([NEXT, NEXT]);
  });

  test('gives what is unreleased a heading and a date', () => {
    const after = readFileSync(join(prepared(), 'CHANGELOG.md'), 'utf8');
    const [, date = ''] = /^## 7\.8\.9 - (\S+)$/m.exec(after) ?? [];
    expect(date).toMatch(TODAY);
    expect(after).toBe(CHANGELOG.replace('## Unreleased', `## Unreleased\n\n## ${NEXT} - ${date}`));
  });

  test.each([
    ['1.2', 'expected a version such as 1.2.3, found "1.2"'],
    ['v1.2.3', 'expected a version such as 1.2.3, found "v1.2.3"'],
    [NEXT, `CHANGELOG.md: expected no section ${NEXT} yet, found one`],
    ['7.9.0', 'CHANGELOG.md: expected changes under "## Unreleased", found none'],
  ])('refuses %s', (version, message) => {
    const { status, stderr } = run(prepared(), 'prepare-release.mjs', version);
    expect([status, stderr.trim()]).toEqual([1, message]);
  });
});

describe('check-release', () => {
  test('accepts a tag with which everything agrees', () => {
    const { status, stdout } = run(prepared(), 'check-release.mjs', `v${NEXT}`);
    expect([status, stdout]).toEqual([0, `v${NEXT}: ok\n`]);
  });

  test('names every file that differs, with what was expected and found', () => {
    const copy = prepared();
    const chart = 'deploy/helm/container-supervisor/Chart.yaml';
    const sidecar = 'deploy/helm/container-supervisor-sidecar/Chart.yaml';
    change(copy, 'package.json', `"version": "${NEXT}"`, '"version": "7.8.8"');
    change(copy, chart, `appVersion: '${NEXT}'`, "appVersion: '7.8.7'");
    change(copy, sidecar, `\nversion: ${NEXT}`, '\nversion: 7.8.6');
    change(
      copy,
      'docs/image.md',
      `FROM container-supervisor:${NEXT}`,
      'FROM container-supervisor:7.0.0',
    );
    change(copy, 'CHANGELOG.md', /^(## 7\.8\.9) - .*$/m, '$1');
    const { status, stderr } = run(copy, 'check-release.mjs', `v${NEXT}`);
    expect([status, stderr.trim().split('\n').sort()]).toEqual([
      1,
      [
        `CHANGELOG.md: expected a section "## ${NEXT} - YYYY-MM-DD", found "## ${NEXT}"`,
        `${sidecar}: expected ${NEXT}, found 7.8.6`,
        `${chart}: expected ${NEXT}, found 7.8.7`,
        `docs/image.md: expected ${NEXT}, found 7.0.0`,
        `package.json: expected ${NEXT}, found 7.8.8`,
      ],
    ]);
  });

  test.each([
    ['7.8.9', 'expected a tag such as v1.2.3, found "7.8.9"'],
    ['v7.8.9-rc.1', 'expected a tag such as v1.2.3, found "v7.8.9-rc.1"'],
    ['', 'expected a tag such as v1.2.3, found ""'],
  ])('refuses the tag "%s"', (tag, message) => {
    const { status, stderr } = run(prepared(), 'check-release.mjs', tag);
    expect([status, stderr.trim()]).toEqual([1, message]);
  });

  test('refuses a version without its section', () => {
    const { status, stderr } = run(unreleased(), 'check-release.mjs', `v${VERSION}`);
    const expected = `CHANGELOG.md: expected a section "## ${VERSION} - YYYY-MM-DD", found none\n`;
    expect([status, stderr]).toEqual([1, expected]);
  });
});

test('the CHANGELOG has what is unreleased first, then releases with their date', () => {
  const [first, ...others] = readFileSync(`${ROOT}CHANGELOG.md`, 'utf8').match(/^## .*$/gm) ?? [];
  expect(first).toBe('## Unreleased');
  const odd = others.filter((heading) => !/^## \d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/.test(heading));
  expect(odd).toEqual([]);
});

describe('release-notes', () => {
  test('are the CHANGELOG’s section, one line for each item', () => {
    const copy = workspace({
      'CHANGELOG.md':
        '# Changelog\n\nIntroduction.\n\n## Unreleased\n\n## 1.1.0 - 2026-02-01\n\n### Added\n\n' +
        '- One, which is\n  long.\n  - Nested, and\n    long.\n- Two.\n\n### Fixed\n\n- Three.\n\n' +
        '## 1.0.0 - 2026-01-01\n\n- Zero.\n',
    });
    const script = `${ROOT}scripts/release-notes.mjs`;
    const notes = (tag: string): Result =>
      spawnSync(script, [tag], { cwd: copy, encoding: 'utf8' });
    expect(notes('v1.1.0').stdout).toBe(
      '### Added\n\n- One, which is long.\n  - Nested, and long.\n- Two.\n\n### Fixed\n\n- Three.\n',
    );
    expect(notes('v1.0.0').stdout).toBe('- Zero.\n');
    expect(notes('v1.0.1')).toMatchObject({
      status: 1,
      stderr: 'CHANGELOG.md: expected a section of v1.0.1, found none\n',
    });
  });
});

describe('package-charts', () => {
  test('makes archives that Helm can template', () => {
    const destination = join(workspace(), 'charts');
    const { status, stderr } = spawnSync(`${ROOT}scripts/package-charts.sh`, [destination], {
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual([stderr, 0]);
    expect(filesOf(destination)).toEqual([
      `container-supervisor-${VERSION}.tgz`,
      `container-supervisor-sidecar-${VERSION}.tgz`,
    ]);
    const chart = join(destination, `container-supervisor-${VERSION}.tgz`);
    const values = `${ROOT}deploy/helm/container-supervisor/ci/minimal-values.yaml`;
    const rendered = runHelm(3, ['template', 'web', chart, '--values', values, ...KUBERNETES]);
    expect(rendered).toMatchObject({ status: 0, stderr: '' });
    expect(rendered.stdout).toContain('kind: Deployment');
    const library = join(destination, `container-supervisor-sidecar-${VERSION}.tgz`);
    const consumer = workspace();
    execFileSync('cp', ['-r', `${ROOT}test/fixtures/consumer/.`, consumer]);
    execFileSync('install', ['-D', '-t', join(consumer, 'charts'), library]);
    const included = runHelm(4, ['template', 'web', consumer, ...KUBERNETES]);
    expect(included).toMatchObject({ status: 0, stderr: '' });
    expect(included.stdout).toContain('supervisor.config.json');
  });

  test('fails where a chart does not render', () => {
    const copy = copyOfRepository();
    writeFileSync(
      join(copy, 'deploy/helm/container-supervisor/ci/broken-values.yaml'),
      'imag: {}\n',
    );
    const { status, stdout, stderr } = spawnSync(
      join(copy, 'scripts/package-charts.sh'),
      [join(copy, 'charts')],
      { encoding: 'utf8', env: { ...process.env, HELM: `${ROOT}test/tools/bin/helm4` } },
    );
    expect(`${stdout}${stderr}`).toContain("additional properties 'imag' not allowed");
    expect([status, filesOf(copy).filter((file) => file.endsWith('.tgz'))]).toEqual([1, []]);
  });
});

test('the steps in docs/versioning.md lead to a tag that was pushed', () => {
  const copy = unreleased();
  const remote = workspace();
  const page = readFileSync(`${ROOT}docs/versioning.md`, 'utf8');
  const steps = [...page.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
  expect(steps).toHaveLength(3);
  const [prepare = '', ...tagged] = steps;
  const script = [
    `git init --quiet --bare ${remote}`,
    `git init --quiet && git remote add origin ${remote}`,
    prepare,
    'git add . && git commit --quiet --message "Release 0.2.0"',
    ...tagged,
  ].join('\n');
  const person = { NAME: 'A Maintainer', EMAIL: 'maintainer@example.org' };
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((role) =>
    Object.entries(person).map(([key, value]) => [`GIT_${role}_${key}`, value]),
  );
  const env = {
    PATH: process.env['PATH'],
    HOME: remote,
    ...Object.fromEntries(identity),
  } as NodeJS.ProcessEnv;
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
    cwd: copy,
    encoding: 'utf8',
    env,
  });
  expect([stderr, status]).toEqual([stderr, 0]);
  expect(stdout).toContain('v0.2.0: ok\n');
  expect(stdout).toContain('### Added\n\n- ');
  const tags = execFileSync('git', ['tag'], { cwd: remote, encoding: 'utf8' });
  expect(tags).toBe('v0.2.0\n');
});
