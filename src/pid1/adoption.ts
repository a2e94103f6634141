import { bindLibc } from './libc.ts';
import { startReaper } from './reaper.ts';
import type { ReapListener } from './reaper.ts';

/** What `adopt` tells. */
export interface AdoptionListener {
  readonly reaped: ReapListener;
  /** It cannot be done here: one sentence with the remedy. */
  readonly notice: (message: string) => void;
}

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
 * @returns what undoes it
 */
export async function adopt(
  subreaper: boolean,
  { reaped, notice }: AdoptionListener,
): Promise<() => void> {
  const nothing = (): void => undefined;
  if (!mayAdopt(subreaper)) return nothing;
  try {
    const libc = await bindLibc();
    if (process.pid !== 1 && !libc.becomeSubreaper()) {
      notice('subreaper: the kernel refused it, so orphaned processes are left to PID 1');
      return nothing;
    }
    return startReaper(libc, reaped);
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0] ?? '';
    notice(`Orphaned processes will stay zombies, because koffi is missing (${reason}); ${REMEDY}`);
    return nothing;
  }
}
