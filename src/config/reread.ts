import { compareConfigs } from '../core/compare.ts';
import type { Loaded } from '../core/input.ts';
import type { Config } from './generated.ts';
import { ConfigError, formatProblem, show } from './problem.ts';
import { resolveConfig } from './resolve.ts';
import type { ConfigArguments, ResolvedConfig } from './resolve.ts';
import { validate } from './validate.ts';
import { countWorkers } from './workers.ts';

/** What reading the configuration once more has come to. */
export interface Reread {
  /** What applies from now on; null where nothing has changed for the worse or at all. */
  readonly config: Config | null;
  readonly result: Loaded;
}

/**
 * Reads the configuration once more. It never rejects: what is wrong is in the result.
 *
 * @param current - the one that runs
 */
export type Rereader = (current: Config) => Promise<Reread>;

/**
 * Reads the same file with the same flags and variables.
 *
 * @param first - what the supervisor was started with
 */
export function rereader(
  first: ResolvedConfig,
  { flags, command }: ConfigArguments,
  env: NodeJS.ProcessEnv,
  workingDir: string,
): Rereader {
  const file = first.file ?? '';
  let last = first;
  return async (current) => {
    try {
      const next = await resolveConfig(
        { flags: { ...flags, config: file }, command },
        env,
        workingDir,
      );
      const masked = maskedChanges(last, next);
      const reread = compare(file, current, next, masked);
      last = next;
      return reread;
    } catch (error) {
      return {
        config: null,
        result: { type: 'invalid', source: file, problems: problemsOf(error) },
      };
    }
  };
}

function compare(
  file: string,
  current: Config,
  next: ResolvedConfig,
  masked: readonly string[],
): Reread {
  const { config, changed, kept } = compareConfigs(current, next.config);
  // what is kept may not go with what is new, such as a port of the workers' with that of the metrics
  const valid =
    kept.length === 0 ? next.config : validate(config, (pointer) => ({ source: file, pointer }));
  const { count, from } = countWorkers(valid);
  const { workers } = valid;
  return {
    config: valid,
    result: {
      type: 'configuration',
      source: file,
      workers,
      count,
      countFrom: from,
      changed,
      kept,
      masked,
    },
  };
}

/** What the file says anew where a flag or a variable goes before it. */
function maskedChanges(last: ResolvedConfig, next: ResolvedConfig): readonly string[] {
  return next.overrides.flatMap(({ pointer, value, source }) => {
    const said = valueAt(next.data, pointer);
    if (said === undefined || isSame(said, valueAt(last.data, pointer)) || isSame(said, value)) {
      return [];
    }
    return `${next.file ?? ''}: ${pointer}: ${show(said)} does not apply, because ${source} goes before it`;
  });
}

/** What may be overridden is a plain value or a list of such; whatever else a file has there is looked at no further. */
function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((each, place) => each === b[place]);
}

function valueAt(data: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], data);
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems.map(formatProblem);
  return [error instanceof Error ? error.message : String(error)];
}
