import type { Config } from '../config/generated.ts';
import type { Slot } from './state.ts';

/** The part of the configuration that decisions depend on; it may differ from one step to the next. */
export type Policy = Pick<
  Config,
  | 'command'
  | 'args'
  | 'env'
  | 'portBase'
  | 'workingDir'
  | 'workers'
  | 'metrics'
  | 'livenessProbe'
  | 'minReadySeconds'
  | 'notify'
  | 'readinessProbe'
  | 'recycle'
  | 'reloadDelay'
  | 'restart'
  | 'rollout'
  | 'signals'
  | 'startupProbe'
  | 'stop'
>;

export type KillMode = NonNullable<Config['stop']['killMode']>;

/**
 * As systemd's KillMode, over the worker's process group. Default: `mixed`; for a string command, where
 * the worker is a shell that does not pass signals on, `control-group`.
 */
export function killModeOf(
  { stop }: Pick<Policy, 'stop'>,
  { template }: Pick<Slot, 'template'>,
): KillMode {
  return stop.killMode ?? (typeof template.command === 'string' ? 'control-group' : 'mixed');
}
