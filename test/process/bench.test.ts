import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { Program, ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

interface Report {
  readonly rows: readonly {
    readonly name: string;
    readonly samples: Readonly<Record<string, readonly number[]>>;
    readonly ratio: number;
  }[];
  readonly failures: readonly unknown[];
}

test('the benchmark compares the built program with the floor', async () => {
  const json = join(workspace(), 'bench.json');
  const options = ['--quick', '--only=start,stop', '--contestants=container-supervisor,floor'];
  const program = new Program(
    [process.execPath, join(ROOT, 'bench/main.mjs'), ...options, `--json=${json}`],
    { cwd: ROOT, env: process.env },
  );
  expect(await program.ended).toEqual({ code: 0, signal: null });
  const { rows, failures } = JSON.parse(readFileSync(json, 'utf8')) as Report;
  expect(failures).toEqual([]);
  expect(rows.map(({ name }) => name)).toEqual(['start first', 'start last', 'stop']);
  for (const { samples, ratio } of rows) {
    for (const each of Object.values(samples).flat()) expect(each).toBeGreaterThan(0);
    expect(Object.keys(samples).sort()).toEqual(['container-supervisor', 'floor']);
    expect(ratio).toBeGreaterThan(0);
  }
  expect(program.stdout).toMatch(/^\| exec to first worker, 1 worker, ms \| .* \| ≤ 1\.6×, /m);
}, 120_000);
