// Random schedules against the real program, beside a reference of a few lines. A failure prints its seed, and
// SOAK_SEED begins with that one; SOAK_SECONDS is for how long there are new ones.
import { test } from '@jest/globals';
import fc from 'fast-check';

import { Reference } from './reference.ts';
import { batches, decidable, setups } from './stimuli.ts';
import type { Batch, Setup } from './stimuli.ts';
import { System } from './system.ts';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 2 ** 31);

async function play(setup: Setup, schedule: readonly Batch[], end: End): Promise<void> {
  const reference = new Reference(setup);
  const system = new System(setup, reference);
  await system.start();
  for (const batch of schedule) {
    const stimuli = decidable(batch, reference, setup);
    system.apply(stimuli);
    const prospect = reference.after(stimuli);
    await system.settle(prospect);
    if (prospect.statuses !== null) return;
  }
  await system.stop(end.signal, end.halted);
}

interface End {
  readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT';
  readonly halted: number;
}

const ends: fc.Arbitrary<End> = fc.record({
  signal: fc.constantFrom('SIGTERM' as const, 'SIGINT' as const, 'SIGQUIT' as const),
  halted: fc.constantFrom(0, 0, 0, 1, 5),
});

test(
  'whatever happens, it does what the reference says',
  async () => {
    const end = Date.now() + SECONDS * 1000;
    let played = 0;
    do {
      await fc.assert(fc.asyncProperty(setups, fc.array(batches, { maxLength: 10 }), ends, play), {
        seed: SEED + played,
        numRuns: 1,
        // shrinking would run for minutes, and not find again what was a matter of timing
        endOnFailure: true,
      });
      played += 1;
    } while (Date.now() < end);
    process.stderr.write(`${played} schedules from SOAK_SEED=${SEED}\n`);
  },
  SECONDS * 1000 + 120_000,
);
