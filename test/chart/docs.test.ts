import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { problemsOf } from '../helpers/kubernetes-schemas.ts';
import { ROOT } from '../helpers/program.ts';
import { CHART, at, refusalOf, renderChart, workloadOf } from './chart.ts';

const FILE = `${ROOT}docs/kubernetes.md`;
const DOCS = readFileSync(FILE, 'utf8');
const README = readFileSync(`${CHART}README.md`, 'utf8');

const EXAMPLES = [...`${DOCS}${README}`.matchAll(/```yaml\n# values.yaml\n([^]*?)```/g)].map(
  ([, text]) => [text ?? ''],
);

test('there are examples', () => {
  expect(EXAMPLES.length).toBeGreaterThan(7);
});

test.each(EXAMPLES)('the chart takes the values\n%s', async (text) => {
  const objects = renderChart(parse(text) as Record<string, unknown>);
  expect(await problemsOf(objects)).toEqual([]);
});

describe('the grace period', () => {
  const rows = [
    ...DOCS.matchAll(
      /^\| `(\{.*\})` +\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\| ([\d.]+) +\|$/gm,
    ),
  ].map(([, values = '', kubeVersion = '', ...seconds]) => ({
    values,
    kubeVersion,
    seconds: seconds.map(Number),
  }));

  test('has its rows', () => {
    expect(rows).toHaveLength(5);
  });

  test.each(rows)('is computed for $values on $kubeVersion', ({ values, kubeVersion, seconds }) => {
    const [sleep = 0, stop = 0, slack = 0, grace = 0] = seconds;
    const options = { kubeVersion: `${kubeVersion}.0` };
    const workload = workloadOf(renderChart(JSON.parse(values) as object as never, options));
    const pod = at(workload, 'spec.template.spec');
    expect(at(pod, 'terminationGracePeriodSeconds')).toBe(grace);
    expect(at(pod, 'containers.0.lifecycle.preStop.sleep.seconds') ?? 0).toBe(sleep);
    expect(Math.ceil(sleep + stop + slack)).toBe(grace);
  });
});

test('the refusal is what Helm says', () => {
  const [, shown = ''] = /```\n(Error: values[^]*?)```/.exec(DOCS) ?? [];
  expect(shown).not.toBe('');
  expect(refusalOf({ supervisor: { worker: 4 } }).trim()).toBe(shown.trim());
});

test('what it links to is there', () => {
  const links = [...DOCS.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(join(dirname(FILE), link)))).toEqual([]);
});
