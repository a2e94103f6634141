import type { Input } from '../core/input.ts';
import { bindLibc } from '../system/libc.ts';
import { startReaper } from './reaper.ts';

const REMEDY =
  'put an init in front (tini -- container-supervisor, docker run --init), or install koffi for this platform';

/** Whether processes of others become this one's children. */
export function mayAdopt(subreaper: boolean): boolean {
  return process.pid === 1 || subreaper;
}

/**
 * Reaps adopted processes where there are any: as PID 1, and as a subreaper where that is asked for.
 * Elsewhere nothing is loaded.
 *
 * @param put - is told what was reaped, or why it cannot be done here
 * @returns what undoes it
 */
export async function adopt(subreaper: boolean, put: (input: Input) => void): Promise<() => void> {
  const nothing = (): void => undefined;
  const notice = (message: string): void => {
    put({ type: 'notice', message });
  };
  if (!mayAdopt(subreaper)) return nothing;
  try {
    const libc = await bindLibc();
    if (process.pid !== 1 && !libc.becomeSubreaper()) {
      notice('subreaper: the kernel refused it, so orphaned processes are left to PID 1');
      return nothing;
    }
    return startReaper(libc, (count) => {
      put({ type: 'orphans-reaped', count });
    });
  } catch (error) {
    const { message } = error as Error;
    notice(
      `Orphaned processes will stay zombies, because koffi is missing (${message}); ${REMEDY}`,
    );
    return nothing;
  }
}
