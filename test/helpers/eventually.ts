/** Milliseconds after which what should have happened is held not to happen any more. */
export const DEADLINE = 20_000;

/**
 * Tries an assertion again and again until it holds, and fails with its own error if it never does.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  deadline = DEADLINE,
): Promise<T> {
  const end = Date.now() + deadline;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
