/**
 * Waits for the promise, but no longer than so many seconds.
 *
 * @throws what the promise is rejected with by then
 */
export async function atMost(seconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, seconds * 1000));
  });
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
