import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { install as installPackage, pack } from '../helpers/installed.ts';
import { Page } from '../helpers/page.ts';
import { ROOT } from '../helpers/program.ts';
import { Terminals } from '../helpers/terminals.ts';
import { workspace } from '../helpers/workspace.ts';

const README = new Page('README.md');

/** What a clone has that was built, as far as the commands need it. */
function clone(): string {
  const cwd = workspace();
  mkdirSync(join(cwd, 'dist'));
  for (const path of ['dist/cli.cjs', 'examples', 'schemas']) {
    symlinkSync(join(ROOT, path), join(cwd, path));
  }
  cpSync(`${ROOT}supervisor.config.example.json`, join(cwd, 'supervisor.config.example.json'));
  return cwd;
}

function linesOf(block: string): readonly string[] {
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +# .*$/, ''));
}

test('it has at most 150 lines, and a configuration that can be run by the 30th', () => {
  const lines = README.text.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(150);
  expect(lines.slice(0, 30).join('\n')).toContain('node dist/cli.cjs -c supervisor.config.example');
});

test('every block of it is run here, or in the test of what it is about', () => {
  const blocks = [...README.text.matchAll(/^```(\w*)$/gm)].map(([, language]) => language);
  expect(blocks.filter((language) => language !== '')).toEqual([
    ...['json', 'sh', 'sh'],
    ...['js', 'sh', 'yaml', 'dockerfile', 'yaml', 'sh'],
    ...['console', 'sh'],
  ]);
});

test('“Try it”', async () => {
  const [first = '', second = ''] = README.blocks('sh', 'Try it');
  // the first part is what has made this test run
  const [install, run = ''] = linesOf(first)[0]?.split(' && ') ?? [];
  expect(install).toBe('npm ci');
  const terminals = await Terminals.open(clone());
  const supervisor = terminals.start(run);
  await eventually(() => {
    expect(supervisor.stdout.match(/ready/g)).toHaveLength(3);
  });
  const [readyz = '', kill = '', metrics = '', ...more] = linesOf(second);
  expect(more).toEqual([]);
  expect(await terminals.run(readyz)).toContain('readyz check passed: 3 of 3 workers ready');
  await terminals.run(kill);
  await eventually(async () => {
    expect(await terminals.run(metrics)).toMatch(
      /^supervisor_worker_exits_total\{worker="0",code="137",signal="SIGKILL",reason="signal"\} 1$/m,
    );
  });
  await eventually(() => {
    expect(supervisor.stdout).toContain('worker 0 (start 2): ready');
  });
  await terminals.run('pkill -INT -o -f dist/cli.cjs');
  expect((await supervisor.ended).code).toBe(0);
  expect(supervisor.stdout).toMatch(/worker 0.*bye\n[^]*worker 1.*bye\n[^]*worker 2.*bye/);
});

test('“From nothing to a pod”', async () => {
  const heading = 'From nothing to a pod';
  const [install = '', check = '', run = ''] = linesOf(README.block('sh', heading));
  const [prometheusYaml = '', valuesYaml = ''] = README.blocks('yaml', heading);
  const cwd = workspace({
    'supervisor.config.json': README.blocks('json')[0],
    'worker.js': README.block('js', heading),
    'prometheus.yml': prometheusYaml,
    'values.yaml': valuesYaml,
  });
  expect(install).toBe('npm install container-supervisor');
  const { tarball } = await pack();
  await installPackage(cwd, tarball);
  const terminals = await Terminals.open(cwd);
  expect(await terminals.run(check)).toContain('supervisor.config.json: ok\n');
  const supervisor = terminals.start(run);
  await eventually(() => {
    expect(supervisor.stdout.match(/working on --partition=[0-3]/g)).toHaveLength(4);
  });
  const [, scrape = ''] = /`(prometheus --config\.file=\S+)`/.exec(README.text) ?? [];
  terminals.start(scrape);
  await terminals.run('pkill -9 -o -f partition=2');
  const [, query = ''] = /^`(sum by .*)` says/m.exec(README.text) ?? [];
  const ask = `curl -s localhost:9090/api/v1/query --data-urlencode 'query=${query}'`;
  await eventually(async () => {
    const answer = await terminals.run(ask);
    // one end, not the increase of a series that began with it
    expect(answer).toMatch(
      /\{"code":"137","reason":"signal","signal":"SIGKILL","worker":"2"\},"value":\[[\d.]+,"1"\]/,
    );
  }, 60_000);
  const helm = README.blocks('sh', heading)[1]?.trim() ?? '';
  symlinkSync(`${ROOT}test/tools/bin/helm4`, join(cwd, 'helm'));
  // there is no cluster
  const manifests = await terminals.run(`PATH=$PWD:$PATH; ${helm} --dry-run=client`);
  expect(manifests).toContain('terminationGracePeriodSeconds: 35');
  expect(manifests).toContain('prometheus.io/scrape');
  await terminals.run('pkill -TERM -f -o node_modules/.bin/container-supervisor');
  expect((await supervisor.ended).code).toBe(0);
}, 120_000);

/** Without what is another one each time: pids, times, memory, and the spaces that align them. */
function shape(text: string): string {
  return text
    .trimEnd()
    .replace(/pid \d+/g, 'pid N')
    .replace(/(\d+) {2,}running .*/g, (row, index: string) => {
      const [, starts] = /(\d+) {2,}(?:-|code)/.exec(row) ?? [];
      const lastExit = /code \d+ \(\w+\)|SIG\w+/.exec(row)?.[0] ?? '-';
      return `${index} running ${starts ?? ''} ${lastExit}`;
    })
    .replace(/ {2,}/g, '  ');
}

test('“Operate it” runs as printed', async () => {
  const steps = README.steps('Operate it');
  expect(steps.length).toBeGreaterThan(8);
  const mark = '--- next ---';
  const script = [...steps.map(({ command }) => `${command}\necho '${mark}'`), 'wait'].join('\n');
  const printed = await (await Terminals.open(clone())).run(script);
  const outputs = printed.split(`${mark}\n`).slice(0, -1);
  expect(outputs.map(shape)).toEqual(steps.map(({ output }) => shape(output)));
});
