import { readFileSync } from 'node:fs';

import { ROOT } from './program.ts';

/** The part of a panel that the tests look at. */
export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
    readonly instant: boolean;
  }[];
}

/** The part of a dashboard that the tests look at. */
export interface Dashboard {
  readonly panels: readonly DashboardPanel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
  readonly annotations: {
    readonly list: readonly {
      readonly name: string;
      readonly expr?: string;
      readonly textFormat?: string;
      readonly target?: { readonly expr: string };
    }[];
  };
}

/** A PromQL expression of a dashboard. */
export interface DashboardQuery {
  /** Whose it is, for the reader of a failure. */
  readonly of: string;
  /** With Grafana's variables in it. */
  readonly expression: string;
  /** What names the series, as `{{label}}`. */
  readonly legend: string;
  /** Of one instant, and not over the time that is shown. */
  readonly instant: boolean;
}

export const DASHBOARD_FILE = `${ROOT}deploy/grafana/container-supervisor.json`;

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as Dashboard;
}

/** Every expression of its panels, its annotations and its variables. */
export function queriesOf({
  panels,
  annotations,
  templating,
}: Dashboard): readonly DashboardQuery[] {
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr, legendFormat = '', instant }) => {
        return { of: `panel ${title}, ${refId}`, expression: expr, legend: legendFormat, instant };
      }),
    ),
    ...annotations.list.flatMap(({ name, expr, textFormat = '' }) =>
      expr === undefined
        ? []
        : [{ of: `annotation ${name}`, expression: expr, legend: textFormat, instant: false }],
    ),
    ...templating.list.flatMap(({ name, type, query }) =>
      type === 'query' && typeof query !== 'string'
        ? [{ of: `variable ${name}`, ...selectorOfLabelValues(query.query), instant: true }]
        : [],
    ),
  ];
}

/** What `label_values(SELECTOR, LABEL)` reads. */
function selectorOfLabelValues(query: string): { expression: string; legend: string } {
  const [, expression, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  if (expression === undefined) throw new Error(`not label_values(SELECTOR, LABEL): ${query}`);
  return { expression, legend: `{{${String(label)}}}` };
}

/**
 * An expression with everything chosen, as Grafana would send it for the last minute at one sample a
 * second.
 */
export function interpolated(expression: string): string {
  const text = expression
    .replaceAll(/\$(job|instance|worker)\b/g, '.*')
    .replaceAll(/\$__rate_interval\b/g, '10s')
    .replaceAll(/\$__range\b/g, '60s');
  if (text.includes('$')) throw new Error(`an unknown variable: ${text}`);
  return text;
}
