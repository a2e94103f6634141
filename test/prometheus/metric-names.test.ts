import { spawnSync } from 'node:child_process';

import { expect, test } from '@jest/globals';

import { interpolated, queriesOf, readDashboard } from '../helpers/dashboard.ts';
import { eventually } from '../helpers/eventually.ts';
import { familiesOf, sampleNamesOf } from '../helpers/exposition.ts';
import { selectorsIn } from '../helpers/promql.ts';
import { readRules } from '../helpers/rules.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';

/** Labels that Prometheus gives every target. */
const OF_THE_TARGET = ['job', 'instance'];

/** What the program exports, with a restart behind it; it scrapes its workers, who have nothing to say. */
async function exposition(): Promise<string> {
  const supervisor = Supervisor.start({
    workers: 2,
    command: worker(),
    livenessProbe: { exec: { command: ['true'] } },
    metrics: { port: 0, workers: { port: '1$(SUPERVISOR_WORKER_INDEX)' } },
  });
  await supervisor.ready(2);
  process.kill(supervisor.pidOf(0), 'SIGKILL');
  await supervisor.ready(3);
  return eventually(async () => {
    const { body } = await supervisor.get('/metrics');
    expect(body).toMatch(/restarts_total\{worker="0",reason="signal"\} 1$/m);
    return body;
  });
}

/** Every expression that is shipped, with whose it is. */
function expressions(): readonly { readonly of: string; readonly expression: string }[] {
  return [
    ...readRules().map(({ alert, record, expr }) => {
      return { of: `rule ${alert ?? record ?? ''}`, expression: expr };
    }),
    ...queriesOf(readDashboard()).map(({ of, expression }) => {
      return { of: `dashboard, ${of}`, expression: interpolated(expression) };
    }),
  ];
}

test('alerts and dashboard read what the program exports', async () => {
  const exported = familiesOf(await exposition()).flatMap(sampleNamesOf);
  const recorded = readRules().flatMap(({ record }) => record ?? []);
  const known = new Set([...exported, ...recorded]);
  const unknown = expressions().flatMap(({ of, expression }) =>
    selectorsIn(expression)
      .filter(({ metric }) => !known.has(metric))
      .map(({ metric }) => `${of}: ${metric}`),
  );
  expect(unknown).toEqual([]);
});

// those of the process families are not the supervisor's alone to say
test('alerts and dashboard filter by labels that the supervisor’s samples have', async () => {
  const text = await exposition();
  const labelsOf = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^(supervisor_\w+)(?:\{(.*)\})? \S+$/gm)) {
    const found = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
    labelsOf.set(name, new Set([...(labelsOf.get(name) ?? OF_THE_TARGET), ...found]));
  }
  const unknown = expressions().flatMap(({ of, expression }) =>
    selectorsIn(expression).flatMap(({ metric, labels }) =>
      labels
        .filter((label) => labelsOf.get(metric)?.has(label) === false)
        .map((label) => `${of}: ${metric}{${label}}`),
    ),
  );
  expect(unknown).toEqual([]);
});

test('promtool finds nothing to say of what a supervisor exports', async () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await exposition(),
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
