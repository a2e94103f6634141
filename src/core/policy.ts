import type { Config } from '../config/generated.ts';

/** The part of the configuration that decisions depend on; it may differ from one step to the next. */
export type Policy = Pick<Config, 'command' | 'reloadDelay' | 'restart' | 'signals' | 'stop'>;

export type KillMode = NonNullable<Config['stop']['killMode']>;

/**
 * As systemd's KillMode, over the worker's process group. Default: `mixed`; for a string command, where
 * the worker is a shell that does not pass signals on, `control-group`.
 */
export function killModeOf({ command, stop }: Pick<Policy, 'command' | 'stop'>): KillMode {
  return stop.killMode ?? (typeof command === 'string' ? 'control-group' : 'mixed');
}
