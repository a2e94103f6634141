import { test } from '@jest/globals';
import fc from 'fast-check';

/** How often a soak's time goes into that of one property: there are many of them. */
const SHARE_OF_SOAK = 10;

/** Seconds that one property has, without a word from outside. */
const BRIEFLY = 1.5;

/** How long each property is fuzzed; a soak is for longer. */
export const SECONDS = Number(
  process.env['FUZZ_SECONDS'] ??
    Number(process.env['SOAK_SECONDS'] ?? SHARE_OF_SOAK * BRIEFLY) / SHARE_OF_SOAK,
);

/** Replays the cases of a run. */
export const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);

/** Milliseconds beside that for the first cases, and for the smallest of those that fail. */
const SPARE = 60_000;

/** A property: throws where it does not hold. */
type Check<T> = (each: T) => void | Promise<void>;

/**
 * A test that tries one property with as many cases as fit into its time. FUZZ_SEED and FUZZ_SECONDS, which it prints,
 * replay them.
 *
 * @param examples - cases that come first, such as those that have failed once
 */
export function fuzz<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  check: Check<T>,
  examples: readonly T[] = [],
): void {
  testWithin(name, () => tryAll(name, cases, check, examples));
}

/** A test that calls `tryAll`. */
export function testWithin(name: string, run: () => Promise<void>): void {
  test(name, run, SECONDS * 1000 + SPARE);
}

/** What `fuzz` does, within a test that has more to do. */
export async function tryAll<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  check: Check<T>,
  examples: readonly T[] = [],
): Promise<void> {
  let count = 0;
  let last = Promise.resolve();
  const property = fc.asyncProperty(cases, async (each) => {
    count += 1;
    last = Promise.resolve(each).then(check);
    await last;
  });
  try {
    await fc.assert(property, {
      seed: SEED,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: SECONDS * 1000,
      examples: examples.map((each) => [each] as [T]),
    });
    // the time may have come to its end within it; a failure of it is seen here, but not made smaller
    await last;
  } finally {
    process.stderr.write(`FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS} ${count} cases: ${name}\n`);
  }
}

/** Milliseconds after which a single case has not come to an end. */
const CASE_DEADLINE = 5000;

/** Fails where a single case has taken too long. */
export async function inTime<T>(run: () => T | Promise<T>): Promise<T> {
  const start = Date.now();
  const result = await run();
  const took = Date.now() - start;
  if (took > CASE_DEADLINE) throw new Error(`took ${took} ms`);
  return result;
}
