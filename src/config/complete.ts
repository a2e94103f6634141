import type { Config, UserConfig } from './generated.ts';
import { validate } from './validate.ts';

/**
 * Validates a configuration that a program made, and fills in the defaults.
 *
 * @param source - how messages name it
 * @throws ConfigError with every problem
 */
export function completeConfig(config: UserConfig, source: string): Config {
  return validate(config, (pointer) => ({ source, pointer }));
}
