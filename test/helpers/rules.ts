import { readFileSync } from 'node:fs';

import { defaultLoadersSync } from 'cosmiconfig';

import { ROOT } from './program.ts';

export const RULES_FILE = `${ROOT}deploy/prometheus/container-supervisor.rules.yaml`;
export const RULES_TEST_FILE = `${ROOT}deploy/prometheus/container-supervisor.rules.test.yaml`;

/** A recording rule or an alert. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
}

/** A case of `promtool test rules`. */
export interface AlertCase {
  readonly alertname: string;
  readonly exp_alerts?: readonly unknown[];
}

/** The rules that are shipped. */
export function readRules(): readonly Rule[] {
  const { groups } = parse(RULES_FILE) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The cases that say when each alert fires. */
export function readAlertCases(): readonly AlertCase[] {
  const { tests } = parse(RULES_TEST_FILE) as { tests: { alert_rule_test?: AlertCase[] }[] };
  return tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
}

function parse(file: string): unknown {
  return defaultLoadersSync['.yaml'](file, readFileSync(file, 'utf8'));
}
