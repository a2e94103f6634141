import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { ROOT } from '../helpers/program.ts';
import { RULES_FILE, RULES_TEST_FILE, readAlertCases, readRules } from '../helpers/rules.ts';
import { workspace } from '../helpers/workspace.ts';

const README = readFileSync(`${ROOT}deploy/prometheus/README.md`, 'utf8');

test('Prometheus accepts the rules', () => {
  const output = execFileSync('promtool', ['check', 'rules', RULES_FILE], { encoding: 'utf8' });
  expect(output).toContain(`SUCCESS: ${readRules().length} rules found`);
});

test('each alert fires when it should, and not before', () => {
  execFileSync('promtool', ['test', 'rules', RULES_TEST_FILE], { cwd: ROOT, encoding: 'utf8' });
});

test.each(readRules().flatMap(({ alert }) => alert ?? []))(
  '%s has a case that fires and one that does not',
  (alert) => {
    const fires = readAlertCases()
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts = [] }) => exp_alerts.length > 0);
    expect(new Set(fires)).toEqual(new Set([true, false]));
  },
);

test('every alert is one of this product’s, with a severity that people route by', () => {
  for (const { alert, labels } of readRules()) {
    if (alert === undefined) continue;
    expect(alert).toMatch(/^Supervisor[A-Z]/);
    expect(['warning', 'critical']).toContain(labels?.severity);
  }
});

test('the README has every alert, with its severity', () => {
  const rows = [...README.matchAll(/^\| `(\w+)` +\| (\w+) /gm)];
  expect(Object.fromEntries(rows.map(([, alert, severity]) => [alert, severity]))).toEqual(
    Object.fromEntries(
      readRules().flatMap(({ alert, labels }) =>
        alert === undefined ? [] : [[alert, labels?.severity]],
      ),
    ),
  );
});

test('Prometheus and Alertmanager accept what the README says', () => {
  const [prometheus, alertmanager] = [...README.matchAll(/```yaml\n([^]*?)```/g)];
  const directory = workspace({
    'prometheus.yaml': prometheus?.[1],
    'alertmanager.yaml': alertmanager?.[1],
    'container-supervisor.rules.yaml': readFileSync(RULES_FILE, 'utf8'),
  });
  for (const [tool = '', ...args] of [
    ['promtool', 'check', 'config', 'prometheus.yaml'],
    ['amtool', 'check-config', 'alertmanager.yaml'],
  ]) {
    const output = execFileSync(tool, args, { cwd: directory, encoding: 'utf8' });
    expect(output).toContain('SUCCESS');
  }
});
