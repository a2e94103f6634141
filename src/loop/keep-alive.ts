/**
 * Keeps the process alive without a timer: with no worker and no server nothing else would.
 *
 * @returns what undoes it
 */
export function keepAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.ref();
  return () => {
    port1.close();
  };
}
