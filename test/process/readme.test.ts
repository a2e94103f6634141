import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { Program, ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of the section's first terminal, each with what is printed below it. */
function stepsOf(section: string): readonly Step[] {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  const [, text = ''] = readme.split(`\n## ${section}\n`);
  const [, terminal = ''] = /```console\n([^]*?)```/.exec(text) ?? [];
  return terminal
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n').trimEnd() };
    });
}

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

test('the demonstration in “Operate” runs as printed', async () => {
  const cwd = workspace();
  mkdirSync(join(cwd, 'dist'));
  for (const path of ['dist/cli.cjs', 'examples', 'schemas']) {
    symlinkSync(join(ROOT, path), join(cwd, path));
  }
  cpSync(`${ROOT}supervisor.config.example.json`, join(cwd, 'supervisor.config.example.json'));
  const steps = stepsOf('Operate');
  expect(steps.length).toBeGreaterThan(8);
  const mark = '--- next ---';
  const script = [...steps.map(({ command }) => `${command}\necho '${mark}'`), 'wait'].join('\n');
  const terminal = new Program(['sh', '-c', script], {
    cwd,
    env: { PATH: process.env['PATH'], SUPERVISOR_METRICS_LISTEN_PORT: '0' },
  });
  expect((await terminal.ended).code).toBe(0);
  const outputs = terminal.stdout.split(`${mark}\n`).slice(0, -1);
  expect(terminal.stderr).toBe('');
  expect(outputs.map(shape)).toEqual(steps.map(({ output }) => shape(output)));
});
