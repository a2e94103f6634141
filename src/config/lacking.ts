import { ConfigError } from './problem.ts';

/**
 * The error of an option that needs what this machine does not have.
 *
 * @param need - what it needs, as a phrase that fits after "expected"
 * @param reason - what was thrown for want of it
 */
export function lacking(
  source: string,
  pointer: string,
  need: string,
  reason?: unknown,
): ConfigError {
  const found = reason instanceof Error ? `none (${reason.message})` : 'none';
  return new ConfigError([{ source, pointer, expected: need, found }]);
}
