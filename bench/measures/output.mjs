import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FLOOR_LOOP, OURS, PM2_RUNTIME, SUPERVISORD } from '../contestants.mjs';
import { withRun } from '../run.mjs';

const MIB = 2 ** 20;
const PREFIXING = fileURLToPath(new URL('../floor-prefix.cjs', import.meta.url));

/** Reads a pipe as fast as it can; half a second after the first byte it counts, and then says how much there was. */
const READER = `
const { readSync, writeSync } = require('node:fs');
const buffer = Buffer.allocUnsafeSlow(2 ** 20);
let from = Infinity;
const milliseconds = Number(process.argv[1]);
let bytes = 0, length = 0;
const lengthOfLine = (data) => {
  const start = data.indexOf(10) + 1;
  const end = data.indexOf(10, start) + 1;
  return start > 0 && end > 0 ? end - start : 0;
};
for (;;) {
  const count = readSync(0, buffer);
  from = Math.min(from, performance.now() + 500);
  const elapsed = performance.now() - from;
  if (elapsed < 0) continue;
  bytes += count;
  if (length === 0) length = lengthOfLine(buffer.subarray(0, count));
  if (elapsed < milliseconds || length === 0) continue;
  writeSync(1, JSON.stringify({ bytes, seconds: elapsed / 1000, length }));
  break;
}`;

/** Who passes lines on, and how: each case is a row. */
const WAYS = {
  inherit: [OURS, FLOOR_LOOP],
  prefixed: [
    ours('prefix'),
    {
      ...FLOOR_LOOP,
      prepare: ({ command }) => ({ argv: [process.execPath, PREFIXING, ...command] }),
    },
  ],
  json: [ours('json')],
  piped: [
    {
      ...SUPERVISORD,
      prepare: (settings) => SUPERVISORD.prepare({ ...settings, stdout: '/dev/fd/1' }),
    },
    {
      ...PM2_RUNTIME,
      prepare: (settings) => PM2_RUNTIME.prepare({ ...settings, stdout: '/dev/stdout' }),
    },
  ],
};

const LINES = { 100: '100-byte lines', 4096: '4 KiB lines' };

function ours(workers) {
  const config = { log: { level: 'error', workers }, metrics: { enabled: false } };
  return { ...OURS, prepare: (settings) => OURS.prepare({ ...settings, config }) };
}

/** One row for each way and length of line. */
export const outputs = Object.entries(WAYS).flatMap(([way, contestants]) =>
  Object.entries(LINES).map(([length, lines]) => ({
    name: `output ${way} ${length}`,
    title: `output, ${way}, one worker of ${lines}`,
    unit: 'MiB/s',
    rounds: { full: 3, quick: 1 },
    takes: ({ name }) => contestants.some((each) => each.name === name),
    measure: ({ name }, { outputSeconds }) =>
      throughput(
        contestants.find((each) => each.name === name),
        Number(length),
        outputSeconds,
      ),
  })),
);

/** MiB a second of the worker's own bytes. */
function throughput(contestant, length, seconds) {
  return withRun(async (run) => {
    // Node's own pipes are sockets, which nobody can open by their name
    const fifo = join(run.directory, 'output');
    execFileSync('mkfifo', [fifo]);
    const [readEnd, writeEnd] = [openSync(fifo, 'r+'), openSync(fifo, 'w')];
    const reader = spawn(process.execPath, ['-e', READER, String(seconds * 1000)], {
      stdio: [readEnd, 'pipe', 'inherit'],
    });
    const said = new Promise((resolve) => reader.stdout.once('data', resolve));
    const command = ['yes', 'x'.repeat(length - 1)];
    run.start(contestant, { workers: 1, command }, { stdout: writeEnd });
    closeSync(readEnd);
    closeSync(writeEnd);
    try {
      const answer = await run.within('the output', said);
      const { bytes, seconds: elapsed, length: passed } = JSON.parse(answer);
      return ((bytes / elapsed) * (length / passed)) / MIB;
    } finally {
      reader.kill('SIGKILL');
    }
  });
}
