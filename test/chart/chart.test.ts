import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { HELM_VERSIONS, only, render, runHelm } from '../helpers/helm.ts';
import { Program, ROOT } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { CHART, MINIMAL, at, completed, configurationOf, renderChart } from './chart.ts';

const read = (file: string): string => readFileSync(file, 'utf8');

test('the release that it is of is this one', () => {
  const { version } = JSON.parse(read(`${ROOT}package.json`)) as { version: string };
  expect(parse(read(`${CHART}Chart.yaml`))).toMatchObject({ version, appVersion: version });
});

test('its defaults are the supervisor’s, but for backoff, limit and the log', () => {
  const { supervisor } = parse(read(`${CHART}values.yaml`)) as { supervisor: object };
  const schema: unknown = JSON.parse(read(`${ROOT}schemas/supervisor.schema.json`));
  const others: string[] = [];
  compare(supervisor, schema, '');
  expect(others).toEqual(['.restart.backoff', '.restart.limit', '.log.format']);

  function compare(values: object, node: unknown, path: string): void {
    for (const [key, value] of Object.entries(values) as [string, unknown][]) {
      const child = at(node, `properties.${key}`) as { default: unknown; properties?: object };
      if (child.properties !== undefined && child.default !== undefined) {
        compare(value as object, child, `${path}.${key}`);
      } else if (JSON.stringify(value) !== JSON.stringify(child.default)) {
        others.push(`${path}.${key}`);
      }
    }
  }
});

test('Prometheus accepts its alerts', () => {
  const rule = only(renderChart({ prometheusRule: { enabled: true } }), 'PrometheusRule');
  const directory = workspace({ 'rules.json': { groups: at(rule, 'spec.groups') } });
  const output = execFileSync('promtool', ['check', 'rules', 'rules.json'], {
    cwd: directory,
    encoding: 'utf8',
  });
  expect(output).toContain('SUCCESS');
  const source = parse(read(`${ROOT}deploy/prometheus/container-supervisor.rules.yaml`)) as object;
  expect(rule).toMatchObject({ spec: source });
});

test('its dashboard is the one of deploy/grafana', () => {
  const objects = renderChart({ grafanaDashboard: { enabled: true } });
  const maps = objects.filter(({ metadata }) => metadata.name.endsWith('-dashboard'));
  expect(maps).toHaveLength(1);
  expect(maps[0]?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  const json = (at(maps[0], 'data') as Record<string, string>)['container-supervisor.json'] ?? '';
  expect(JSON.parse(json)).toEqual(
    JSON.parse(read(`${ROOT}deploy/grafana/container-supervisor.json`)),
  );
});

describe('helm test', () => {
  /** Starts what a pod would run, and what the pod of `helm test` would, on this machine's address. */
  async function install(
    settings: object,
  ): Promise<{ readonly supervisor: Supervisor; readonly hook: Program }> {
    const metrics = { port: await freePorts(1), path: '/prometheus' };
    const objects = renderChart({ supervisor: { metrics, ...settings } });
    const files = { 'supervisor.config.json': configurationOf(objects) };
    const supervisor = new Supervisor(workspace(files));
    await supervisor.logged(/^Listening on/);
    const { command, env } = at(only(objects, 'Pod'), 'spec.containers.0') as {
      command: readonly string[];
      env: readonly { name: string; value: string }[];
    };
    const values = env.map(({ name, value }) => [name, value.replace(SERVICE, '//127.0.0.1:')]);
    const hook = new Program([process.execPath, ...command.slice(1)], {
      cwd: ROOT,
      env: Object.fromEntries(values) as NodeJS.ProcessEnv,
    });
    return { supervisor, hook };
  }

  const SERVICE = '//release-container-supervisor:';

  test('passes where the workers are ready and the metrics are told', async () => {
    const { supervisor, hook } = await install({ workers: 2, command: worker() });
    expect(await hook.ended).toEqual({ code: 0, signal: null });
    expect(hook.stdout).toBe('/readyz: ok\n/prometheus: ok\n');
    expect(supervisor.linesLike(/^Started child process/)).toHaveLength(2);
  });

  test('does not pass where no worker is ready', async () => {
    const { hook } = await install({ command: ['sh', '-c', 'exit 3'] });
    await eventually(() => {
      expect(hook.stderr).toMatch(/^\/readyz: 503/);
    });
    expect(hook.stdout).toBe('');
  });
});

describe.each(HELM_VERSIONS)('Helm %d', (helm) => {
  test('packages what is needed, and no more', () => {
    const directory = workspace();
    expect(runHelm(helm, ['package', CHART, '--destination', directory]).stderr).toBe('');
    const [archive = ''] = readdirSync(directory);
    const listing = execFileSync('tar', ['-tzf', join(directory, archive)], { encoding: 'utf8' });
    const names = listing.split('\n').map((name) => name.replace('container-supervisor/', ''));
    expect(names).toEqual(
      expect.arrayContaining([
        'README.md',
        'values.schema.json',
        'files/container-supervisor.rules.yaml',
        'files/container-supervisor.json',
        'templates/tests/metrics.yaml',
      ]),
    );
    expect(names.filter((name) => name.startsWith('ci/'))).toEqual([]);
  });

  test('a parent chart can switch it', () => {
    const parent = workspace({
      'Chart.yaml': {
        apiVersion: 'v2',
        name: 'parent',
        version: '1.0.0',
        dependencies: [
          { name: 'container-supervisor', version: '*', condition: 'container-supervisor.enabled' },
        ],
      },
    });
    cpSync(CHART, join(parent, 'charts/container-supervisor'), { recursive: true });
    const child = { enabled: true, ...completed({ supervisor: { workers: 3 } }) };
    const values = { global: { region: 'eu' }, 'container-supervisor': child };
    const config: unknown = JSON.parse(configurationOf(render(parent, { helm, values })));
    expect(at(config, 'workers')).toBe(3);
    const off = { 'container-supervisor': { ...child, enabled: false } };
    expect(render(parent, { helm, values: off })).toEqual([]);
  });
});

test('the notes tell how a pod stops, and where secrets go', () => {
  // Helm 3.8 asks a cluster even for a dry run
  const args = ['install', 'web', CHART, '--dry-run=client', '--set', setOf(MINIMAL)];
  const { status, stdout, stderr } = runHelm(4, args);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const notes = stdout.slice(stdout.indexOf('NOTES:'));
  expect(notes).toMatch(/A pod has 35 s to stop: 5 s of preStop sleep, 25 s for the workers, 5 s/);
  expect(notes).toMatch(/secretKeyRef/);
  expect(notes).not.toMatch(/WARNING/);
});

/** What `--set` takes. */
function setOf({ image, supervisor }: typeof MINIMAL): string {
  const command = supervisor.command.join(',');
  return `image.repository=${image.repository},image.tag=${image.tag},supervisor.command={${command}}`;
}
