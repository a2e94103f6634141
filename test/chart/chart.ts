import { readdirSync } from 'node:fs';

import { only, refusal, render } from '../helpers/helm.ts';
import type { KubernetesObject, TemplateOptions } from '../helpers/helm.ts';
import { ROOT } from '../helpers/program.ts';

export const CHART = `${ROOT}deploy/helm/container-supervisor/`;

/** A file of values for each feature. */
export const CI_FILES: readonly string[] = readdirSync(`${CHART}ci`).map(
  (file) => `${CHART}ci/${file}`,
);

type Values = Readonly<Record<string, unknown>>;

/** What has to be given. */
export const MINIMAL = {
  image: { repository: 'registry.example.com/worker', tag: '1.4.2' },
  supervisor: { command: ['node', 'worker.js'] },
};

/** Values with the minimal ones beneath them. */
export function completed(values: Values): Values {
  const { image = {}, supervisor = {}, ...rest } = values;
  return {
    ...rest,
    image: { ...MINIMAL.image, ...(image as object) },
    supervisor: { ...MINIMAL.supervisor, ...(supervisor as object) },
  };
}

export function renderChart(
  values: Values = {},
  options: TemplateOptions = {},
): readonly KubernetesObject[] {
  return render(CHART, { ...options, values: completed(values) });
}

export function refusalOf(values: Values, options: TemplateOptions = {}): string {
  return refusal(CHART, { ...options, values: completed(values) });
}

/** What a dotted path leads to; numbers are indices. */
export function at(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], object);
}

/** What the supervisor is given, of whatever else is there. */
export function configurationOf(objects: readonly KubernetesObject[]): string {
  const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
  const data = maps.map((map) => at(map, 'data') as Record<string, string>);
  const [text] = data.flatMap((each) => each['supervisor.config.json'] ?? []);
  if (text === undefined) throw new Error('expected a ConfigMap with supervisor.config.json');
  return text;
}

/** The Deployment or the StatefulSet. */
export function workloadOf(objects: readonly KubernetesObject[]): KubernetesObject {
  const isSet = objects.some(({ kind }) => kind === 'StatefulSet');
  return only(objects, isSet ? 'StatefulSet' : 'Deployment');
}

/** The specifications of every pod that the objects make. */
export function podSpecsOf(objects: readonly KubernetesObject[]): readonly unknown[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Pod') return [at(object, 'spec')];
    return at(object, 'spec.template.spec') ?? [];
  });
}
