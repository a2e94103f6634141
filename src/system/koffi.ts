import type Koffi from 'koffi';

/**
 * Loads koffi, which takes about 10 ms.
 *
 * @throws if it cannot be had on this platform, with the reason on one line
 */
export async function loadKoffi(): Promise<typeof Koffi> {
  withoutStandardError(loadDiff);
  try {
    const { default: koffi } = await import('koffi');
    return koffi;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n', 1);
    throw new Error(reason, { cause: error });
  }
}

/**
 * koffi looks at every export of `node:util`. One of them is loaded by that, and makes Node look whether standard error
 * has colours: then it opens the stream, and a pipe is non-blocking from then on for all who share it, workers too.
 */
function loadDiff(): void {
  // not by an import of all: in the bundle that would look at every export, too
  Reflect.get(process.getBuiltinModule('node:util'), 'diff');
}

function withoutStandardError(action: () => void): void {
  const stderr = Object.getOwnPropertyDescriptor(process, 'stderr');
  if (stderr === undefined) return;
  Object.defineProperty(process, 'stderr', { configurable: true, value: undefined });
  try {
    action();
  } finally {
    Object.defineProperty(process, 'stderr', stderr);
  }
}
