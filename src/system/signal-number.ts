/** The number of a signal on this system. */
export function signalNumber(signal: NodeJS.Signals): number {
  // loaded at the first signal, since no start needs it
  return process.getBuiltinModule('node:os').constants.signals[signal];
}
