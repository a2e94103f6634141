/**
 * Keeps V8's heap close to what is in use. By itself the young generation doubles whenever as much as it
 * holds has survived, and never comes back: under restarts and scrapes to 32 MB with Node 20, to 128 MB with
 * Node 24; and the old one is let grow to a multiple of what lives in it before it is cleaned. What a supervisor makes is
 * short-lived, and every spawn copies the page tables of all that is mapped.
 */
export function keepHeapSmall(): void {
  // loaded here, since no start needs it
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
}
