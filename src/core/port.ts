/** The port, 1 to 65535, that a text is; null where it is none. */
export function portOf(text: string): number | null {
  const port = Number(text);
  return /^\d+$/.test(text) && port >= 1 && port <= 65535 ? port : null;
}
