import type { Config } from '../config/generated.ts';

/** The part of the configuration that decisions depend on; it may differ from one step to the next. */
export type Policy = Pick<Config, 'reloadDelay' | 'stop'>;
