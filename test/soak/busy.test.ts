// PID 1 of 64 workers that crash, fork and talk, with scrapes and operations: for a while, `npm run soak` for ten minutes,
// SOAK_SECONDS=3600 for an hour.
import { expect, test } from '@jest/globals';

import { BusySupervisor } from './busy.ts';
import type { Sample } from './busy.ts';
import { Random } from './random.ts';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 2 ** 31);
const WINDOWS = Math.max(6, Math.min(60, SECONDS / 60));

/** Bytes that the memory may vary by: the young generation and what malloc keeps of it. */
const TOLERANCE = 16 * 2 ** 20;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN);
}

test(
  'memory, descriptors, zombies and delays of a busy PID 1 stay what they are',
  async () => {
    process.stderr.write(`SOAK_SEED=${SEED} SOAK_SECONDS=${SECONDS}\n`);
    const busy = new BusySupervisor(new Random(SEED));
    await busy.start();
    const samples: Sample[] = [];
    for (let count = 0; count < WINDOWS; count += 1) {
      samples.push(await busy.window(SECONDS / WINDOWS));
    }
    await busy.stop();
    const { exits, orphans } = samples.at(-1) ?? {};
    const tell = (what: string, of: (sample: Sample) => number): void => {
      process.stderr.write(`${what}: ${samples.map(of).join(' ')}\n`);
    };
    process.stderr.write(`${exits} exits, ${orphans} orphans reaped\n`);
    tell('descriptors', ({ descriptors }) => descriptors);
    tell('MiB', ({ residentBytes }) => Math.round(residentBytes / 2 ** 20));
    tell('median ms of /livez', ({ delays }) => quantile(delays, 0.5));
    tell('longest ms of /livez', ({ delays }) => quantile(delays, 1));
    const descriptors = samples.map((sample) => sample.descriptors);
    expect(Math.max(...descriptors)).toBeLessThanOrEqual((descriptors[0] ?? 0) + 4);
    const third = Math.ceil(samples.length / 3);
    const memory = samples.map(({ residentBytes }) => residentBytes);
    expect(Math.max(...memory.slice(-third))).toBeLessThan(
      Math.max(...memory.slice(0, third)) + TOLERANCE,
    );
  },
  SECONDS * 1000 + 300_000,
);
