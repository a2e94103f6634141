import { applyOverrides, CONFIG_VARIABLE, overridesFrom, settingOf } from './overrides.ts';
import type { Overriding } from './overrides.ts';
import type { Config } from './generated.ts';
import { loadFile, nothingFound } from './load.ts';
import { validate } from './validate.ts';
import type { SourceOf } from './validate.ts';

/** What the command line says about the configuration. */
export interface ConfigArguments {
  /** The values of `--workers` and the like, by the name of the flag; `config` is the file. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** What stands behind `--`. */
  readonly command: readonly string[] | null;
}

/** A configuration that can be run. */
export interface ResolvedConfig {
  /** The file as messages name it, or null where none was needed. */
  readonly file: string | null;
  readonly config: Config;
  /** What the file says, and what goes before it. */
  readonly data: unknown;
  readonly text: string;
  readonly overrides: readonly Overriding[];
}

/**
 * Finds, reads, merges and validates the configuration: flag before environment variable before file
 * before default.
 *
 * @throws ConfigError with every problem
 */
export async function resolveConfig(
  { flags, command }: ConfigArguments,
  env: NodeJS.ProcessEnv,
  workingDir: string,
): Promise<ResolvedConfig> {
  const named = flags['config'] ?? settingOf(env, CONFIG_VARIABLE);
  const loaded = await loadFile(named, workingDir);
  if (loaded === null && command === null) {
    throw nothingFound(workingDir, 'name one with -c FILE, or write the command behind --');
  }
  const overrides = [...overridesFrom(flags, env), ...commandOverrides(command)];
  const data: unknown = loaded?.data ?? {};
  const merged = applyOverrides(data, overrides);
  const config = validate(merged, sourcesOf(loaded?.file ?? 'configuration', overrides));
  return { file: loaded?.file ?? null, config, data, text: loaded?.text ?? '', overrides };
}

function commandOverrides(command: readonly string[] | null): readonly Overriding[] {
  if (command === null) return [];
  return [
    { pointer: '/command', value: [...command], source: '--' },
    { pointer: '/args', value: [], source: '--' },
  ];
}

function sourcesOf(file: string, overrides: readonly Overriding[]): SourceOf {
  return (pointer) => {
    const override = overrides.find((each) => `${pointer}/`.startsWith(`${each.pointer}/`));
    return override === undefined
      ? { source: file, pointer }
      : { source: override.source, pointer: pointer.slice(override.pointer.length) };
  };
}
