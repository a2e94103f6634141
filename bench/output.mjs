// How much output of the workers goes through the built supervisor, for each value of `log.workers`, side by
// side. Prints a Markdown table: MiB a second of what the workers wrote (the median of the rounds), and in
// brackets the ratio to `inherit`. Needs yes and mkfifo.
//   --seconds=N    how long each is measured; default 2
//   --rounds=N     how often, in turn; default 3
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));
const MIB = 2 ** 20;
const options = new Map(process.argv.slice(2).map((each) => each.replace(/^--/, '').split('=')));
const SECONDS = Number(options.get('seconds') ?? 2);
const ROUNDS = Number(options.get('rounds') ?? 3);
const MODES = ['inherit', 'prefix', 'json'];
const CASES = [
  { workers: 1, line: 100 },
  { workers: 1, line: 4096 },
  { workers: 4, line: 100 },
  { workers: 8, line: 100 },
];

/** Reads a pipe as fast as it can; after half a second it counts, and then says how much there was. */
const READER = `
const { readSync, writeSync } = require('node:fs');
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
const from = performance.now() + 500;
let bytes = 0, length = 0;
for (;;) {
  const count = readSync(0, buffer);
  const seconds = (performance.now() - from) / 1000;
  if (seconds < 0) continue;
  bytes += count;
  const start = buffer.indexOf(10) + 1;
  if (length === 0) length = buffer.indexOf(10, start) + 1 - start;
  if (seconds < ${SECONDS}) continue;
  writeSync(1, JSON.stringify({ bytes, seconds, length }));
  break;
}`;

/** MiB a second of the workers' own bytes. */
async function measure({ workers, line }, mode) {
  const cwd = mkdtempSync(join(tmpdir(), 'container-supervisor-'));
  const config = {
    workers,
    command: ['yes', 'x'.repeat(line - 1)],
    metrics: { enabled: false },
    log: { level: 'error', workers: mode },
  };
  writeFileSync(join(cwd, 'supervisor.config.json'), JSON.stringify(config));
  execFileSync('mkfifo', [join(cwd, 'fifo')]);
  const readEnd = openSync(join(cwd, 'fifo'), 'r+');
  const writeEnd = openSync(join(cwd, 'fifo'), 'w');
  const reader = spawn(process.execPath, ['-e', READER], { stdio: [readEnd, 'pipe', 'inherit'] });
  const supervisor = spawn(process.execPath, [CLI], { cwd, stdio: ['ignore', writeEnd, 'ignore'] });
  closeSync(readEnd);
  closeSync(writeEnd);
  const ended = new Promise((resolve) => supervisor.once('exit', resolve));
  let told = '';
  for await (const text of reader.stdout) told += text;
  supervisor.kill('SIGTERM');
  await ended;
  rmSync(cwd, { recursive: true });
  const { bytes, seconds, length } = JSON.parse(told);
  return ((bytes / length) * line) / MIB / seconds;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

console.log(`| workers × bytes a line | ${MODES.join(' | ')} |`);
console.log(`| --- | ${MODES.map(() => '---').join(' | ')} |`);
for (const each of CASES) {
  const results = new Map(MODES.map((mode) => [mode, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const mode of MODES) results.get(mode).push(await measure(each, mode));
  }
  const base = median(results.get('inherit'));
  const cells = MODES.map((mode) => {
    const value = median(results.get(mode));
    return `${value.toFixed(0)} (${(value / base).toFixed(2)})`;
  });
  console.log(`| ${each.workers} × ${each.line} | ${cells.join(' | ')} |`);
}
