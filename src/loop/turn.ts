/** How much is taken or told in one turn of the event loop: of a thousand exits at once, some milliseconds' worth. */
export const SLICE = 128;

/** Lets everything else have its turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Reads once in a turn of the event loop, however often it is called. */
export function oncePerTurn<T>(read: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => {
    if (known === null) {
      known = { value: read() };
      setImmediate(() => (known = null));
    }
    return known.value;
  };
}
