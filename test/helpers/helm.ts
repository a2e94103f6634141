import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAllDocuments, stringify } from 'yaml';

import { ROOT } from './program.ts';

/** What scripts/test-tools.sh has unpacked. */
const BIN = `${ROOT}test/tools/bin/`;

export const KUBECTL = `${BIN}kubectl`;

/** The major versions of Helm that the charts are for. */
export const HELM_VERSIONS = [3, 4] as const;
export type HelmVersion = (typeof HELM_VERSIONS)[number];

/** An object of the Kubernetes API, as a template renders it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** How Helm ended. */
export interface HelmResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TemplateOptions {
  /** By default Helm 4. */
  readonly helm?: HelmVersion;
  /** By default `release`. */
  readonly release?: string;
  /** By default `default`. */
  readonly namespace?: string;
  /** The cluster's version; by default one that has everything. */
  readonly kubeVersion?: string;
  /** Files of values, before `values`. */
  readonly valuesFiles?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  /** Further arguments, such as `--set`. */
  readonly args?: readonly string[];
}

/** Runs Helm with a home of its own, so that nothing of this machine's user is read or written. */
export function runHelm(
  version: HelmVersion,
  args: readonly string[],
  { input = '', cwd = ROOT }: { readonly input?: string; readonly cwd?: string } = {},
): HelmResult {
  const home = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    const { error, status, stdout, stderr } = spawnSync(`${BIN}helm${version}`, args, {
      cwd,
      input,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        HELM_CACHE_HOME: join(home, 'cache'),
        HELM_CONFIG_HOME: join(home, 'config'),
        HELM_DATA_HOME: join(home, 'data'),
      },
    });
    if (error !== undefined) throw error;
    return { status, stdout, stderr };
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** Runs `helm template`, whatever comes of it. */
function tryTemplate(chart: string, options: TemplateOptions = {}): HelmResult {
  const { helm = 4, release = 'release', namespace = 'default', kubeVersion = '1.35.0' } = options;
  const { valuesFiles = [], values = {}, args = [] } = options;
  const files = [...valuesFiles, '-'].flatMap((file) => ['--values', file]);
  const where = ['--namespace', namespace, '--kube-version', kubeVersion];
  return runHelm(helm, ['template', release, chart, ...where, ...files, ...args], {
    input: stringify(values),
  });
}

/** What `helm template` prints. */
export function template(chart: string, options: TemplateOptions = {}): string {
  const { status, stdout, stderr } = tryTemplate(chart, options);
  if (status !== 0) throw new Error(`helm template: ${stderr}`);
  return stdout;
}

/** The objects that `helm template` renders. */
export function render(chart: string, options: TemplateOptions = {}): readonly KubernetesObject[] {
  return parseObjects(template(chart, options));
}

/** What Helm says of values that it does not take. */
export function refusal(chart: string, options: TemplateOptions = {}): string {
  const { status, stdout, stderr } = tryTemplate(chart, options);
  if (status === 0) throw new Error(`expected a refusal, got:\n${stdout}`);
  return stderr;
}

/** The objects of a YAML stream, read as Kubernetes reads it; empty documents are left out. */
export function parseObjects(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml, { version: '1.1', merge: true }).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** The only object of a kind. */
export function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind);
  const [object] = found;
  if (object === undefined || found.length > 1) {
    const kinds = objects.map((each) => each.kind).join(', ');
    throw new Error(`expected one ${kind}, found ${found.length} among: ${kinds}`);
  }
  return object;
}
