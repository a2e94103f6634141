import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { KubernetesObject } from './helm.ts';
import { ROOT } from './program.ts';

/** Who has the schemas and types of an API group; those of Kubernetes itself are the rest. */
const PACKAGES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'keda.sh': '@kubernetes-models/keda',
};

/** A class of the packages. */
type Model = new (data: KubernetesObject) => { validate(): void };

/**
 * What is wrong with objects under the schemas of Kubernetes, the Prometheus operator and KEDA: the
 * schemas tell wrong and missing values, and the types, of which each object is compiled as a literal, tell
 * fields that do not exist.
 */
export async function problemsOf(objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const problems: string[] = [];
  // one after the other: Jest's loader confuses modules that are loaded at once
  for (const object of objects) problems.push(...(await invalidValues(object)));
  return [...problems, ...unknownFields(objects)];
}

function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  const group = apiVersion.split('/')[0] ?? '';
  const name = PACKAGES[group] ?? 'kubernetes-models';
  return `${ROOT}test/tools/node_modules/${name}/${apiVersion}/${kind}.js`;
}

async function invalidValues(object: KubernetesObject): Promise<readonly string[]> {
  const loaded = (await import(pathToFileURL(moduleOf(object)).href)) as Record<string, Model>;
  const Class = loaded[object.kind];
  if (Class === undefined) throw new Error(`${moduleOf(object)}: no class ${object.kind}`);
  try {
    new Class(object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
  }
}

function unknownFields(objects: readonly KubernetesObject[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'kubernetes-types-'));
  try {
    const files = objects.map((object, index) => {
      const file = join(directory, `${index}-${object.kind}-${object.metadata.name}.mts`);
      writeFileSync(file, typed(object));
      return file;
    });
    return compile(directory, files);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function typed(object: KubernetesObject): string {
  return `import type { I${object.kind} } from '${moduleOf(object)}';
export const object: I${object.kind} = ${JSON.stringify(object, null, 1)};
`;
}

/** The compiler's findings, with the line of each. */
function compile(cwd: string, files: readonly string[]): readonly string[] {
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false', '--types', ''];
  const target = ['--target', 'es2022', '--module', 'nodenext', '--ignoreConfig'];
  const tsc = `${ROOT}node_modules/.bin/tsc`;
  const { status, stdout, stderr } = spawnSync(tsc, [...options, ...target, ...files], {
    cwd,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  return `${stdout}${stderr}`.trim().split('\n');
}
