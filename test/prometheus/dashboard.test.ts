import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import ts from 'typescript';

import { DASHBOARD_FILE, queriesOf, readDashboard } from '../helpers/dashboard.ts';
import type { DashboardPanel } from '../helpers/dashboard.ts';
import { ROOT } from '../helpers/program.ts';

const { panels } = readDashboard();
const views = panels.filter(({ type }) => type !== 'row');

/**
 * Grafana's types of a dashboard of these panels. Its enums are opened to their values, since JSON has
 * nothing else.
 */
const TYPES = `
import type {
  AnnotationQuery, Dashboard as AnyDashboard, FieldConfigSource, Panel as AnyPanel, RowPanel,
} from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Open<T> = T extends string
  ? \`\${T}\`
  : T extends number
    ? \`\${T}\` extends \`\${infer N extends number}\` ? N : T
    : T extends readonly (infer U)[]
      ? Open<U>[]
      : T extends object
        ? { [K in keyof T]: Open<T[K]> }
        : T;

interface Query {
  datasource: { type: 'prometheus'; uid: string };
  editorMode: 'code' | 'builder';
  expr: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
  refId: string;
}

type Defaults<Custom> = Omit<FieldConfigSource['defaults'], 'custom'> & { custom?: Custom };

type Panel<Type, Options, Custom> =
  Omit<AnyPanel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
    type: Type;
    options: Options;
    fieldConfig: Omit<FieldConfigSource, 'defaults'> & { defaults: Defaults<Custom> };
    targets: Query[];
  };

type AnnotationOfPrometheus = Omit<AnnotationQuery, 'target'> & {
  expr?: string; step?: string; titleFormat?: string; textFormat?: string; tagKeys?: string;
  target?: { expr: string; interval: string; refId: string };
};

type Dashboard = Omit<AnyDashboard, 'panels' | 'annotations'> & {
  annotations: { list: AnnotationOfPrometheus[] };
  panels: (
    | RowPanel
    | Panel<'heatmap', heatmap.Options, heatmap.FieldConfig>
    | Panel<'stat', stat.Options, never>
    | Panel<'state-timeline', timeline.Options, timeline.FieldConfig>
    | Panel<'table', table.Options, table.FieldConfig>
    | Panel<'timeseries', timeseries.Options, timeseries.FieldConfig>
  )[];
};

export const dashboard: Open<Dashboard> =
`;

/** What the compiler says of each of these dashboards, written as a literal of their type. */
function typeErrors(dashboards: readonly string[]): readonly (readonly string[])[] {
  const files = new Map(
    dashboards.map((json, index) => [`${ROOT}test/${index}.virtual.ts`, `${TYPES}${json};`]),
  );
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.readFile = (file) => files.get(file) ?? ts.sys.readFile(file);
  host.fileExists = (file) => files.has(file) || ts.sys.fileExists(file);
  const program = ts.createProgram([...files.keys()], options, host);
  const diagnostics = ts.getPreEmitDiagnostics(program);
  return [...files.keys()].map((name) =>
    diagnostics
      .filter(({ file }) => file === undefined || file.fileName === name)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

test('it is a dashboard by Grafana’s own types, which refuse what is none', () => {
  const json = readFileSync(DASHBOARD_FILE, 'utf8');
  const wrong = [
    ['"drawStyle": "bars"', '"drawStyle": "sticks"'],
    ['"showPoints": "never"', '"showPoint": "never"'],
    ['"rowHeight": 0.9', '"rowHeight": "0.9"'],
    ['"graphTooltip": 1', '"graphTooltip": 7'],
    ['"refresh": 2', '"refresh": 9'],
  ].map(([right = '', other = '']) => {
    expect(json).toContain(right);
    return json.replace(right, other);
  });
  const [errors, ...others] = typeErrors([json, ...wrong]);
  expect(errors).toEqual([]);
  expect(others.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
});

test('it can be imported as it is: every data source is the one that is chosen', () => {
  expect(readDashboard()).toMatchObject({ id: null, uid: 'container-supervisor', version: 1 });
  const json = readFileSync(DASHBOARD_FILE, 'utf8');
  const uids = [...json.matchAll(/"type": "prometheus",\s*"uid": "(.*)"/g)].map(([, uid]) => uid);
  expect(new Set(uids)).toEqual(new Set(['${datasource}']));
  expect(views.filter(({ datasource }) => datasource === undefined)).toEqual([]);
});

test('every panel has a place of its own, a title, a description, a unit and a query', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  const squares = panels.flatMap(squaresOf);
  expect(squares.filter((square, index) => squares.indexOf(square) !== index)).toEqual([]);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  for (const { title, description, fieldConfig, targets = [] } of views) {
    expect({ title, description }).toEqual({ title, description: expect.stringMatching(/\.$/) });
    expect({ title, unit: fieldConfig?.defaults.unit }).toEqual({
      title,
      unit: expect.any(String),
    });
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test('every query is of the chosen jobs and instances', () => {
  for (const { of, expression } of queriesOf(readDashboard())) {
    if (of === 'variable job') continue;
    const selectors = expression.match(/\{[^{}]*\}/g) ?? [];
    expect({ of, selectors: selectors.length }).not.toEqual({ of, selectors: 0 });
    for (const selector of selectors) {
      expect({ of, selector }).toEqual({ of, selector: expect.stringContaining('job=~"$job"') });
    }
  }
});

function squaresOf({ gridPos: { x, y, w, h } }: DashboardPanel): readonly string[] {
  return Array.from(
    { length: w * h },
    (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`,
  );
}
