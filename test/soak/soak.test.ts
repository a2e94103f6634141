// Random operations and kills, for some time; `npm run soak` is the same for ten. SOAK_SEED replays the choices of a
// run (not the timing of the machine).
import { setTimeout as passed } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { SoakedSupervisor } from './operated.ts';
import type { Holding } from './operated.ts';
import { Random } from './random.ts';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 40);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 2 ** 31);

/** Operations between two times at which all has to be what is wanted. */
const ROUND = 60;

/** Bytes that the memory may vary by: the young generation and what malloc keeps of it. */
const TOLERANCE = 16 * 2 ** 20;

test(
  'whatever is asked and whoever is killed: in the end exactly what was wanted, and nothing leaked',
  async () => {
    process.stderr.write(`SOAK_SEED=${SEED} SOAK_SECONDS=${SECONDS}\n`);
    const random = new Random(SEED);
    const soaked = new SoakedSupervisor(random);
    await soaked.supervisor.logged(/^Started child process/, 8);
    const holdings: Holding[] = [await soaked.settle(8)];
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      for (let count = 0; count < ROUND; count += 1) {
        await soaked.happen();
        // how often things happen, not what is waited for
        await passed(random.below(80));
      }
      holdings.push(await soaked.settle(random.below(10)));
    }
    await soaked.settle(8);
    const descriptors = holdings.map((each) => each.descriptors);
    const resident = holdings.map((each) => Math.round(each.residentBytes / 2 ** 20));
    process.stderr.write(`descriptors ${descriptors.join(' ')}\nMiB ${resident.join(' ')}\n`);
    expect(Math.max(...descriptors)).toBeLessThanOrEqual((descriptors[0] ?? 0) + 4);
    const third = Math.ceil(holdings.length / 3);
    const early = Math.max(...holdings.slice(0, third).map((each) => each.residentBytes));
    const late = Math.max(...holdings.slice(-third).map((each) => each.residentBytes));
    expect(late).toBeLessThan(early + TOLERANCE);
    await soaked.stop();
  },
  SECONDS * 1000 + 300_000,
);
