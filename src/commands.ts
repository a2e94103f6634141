import { parseCommandLine, UsageError } from './command-line.ts';
import type { CommandLine } from './command-line.ts';
import type { Config } from './config/generated.ts';
import { ConfigError } from './config/problem.ts';
import { resolveConfig } from './config/resolve.ts';
import type { ResolvedConfig } from './config/resolve.ts';
import { readSchema } from './config/schema.ts';
import { HELP } from './help.ts';
import { SignalSource } from './pid1/signals.ts';
import type { EarlySignals } from './pid1/signals.ts';
import { VERSION } from './version.ts';

/** The exit status of bad usage or configuration: nothing was started. */
const BAD_INPUT = 2;

/**
 * Does what the command line says.
 *
 * @param argv - without the interpreter and the script
 * @returns the exit status
 */
export async function execute(argv: readonly string[], early: EarlySignals): Promise<number> {
  const signals = new SignalSource(early);
  try {
    const line = parseCommandLine(argv);
    if (line.subcommand === 'run') {
      const { supervise } = await import('./main.ts');
      return await supervise(resolve(line), signals);
    }
    signals.close();
    process.stdout.write(answer(line));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return BAD_INPUT;
  }
}

function answer(line: CommandLine): string {
  switch (line.subcommand) {
    case 'check':
      return `${resolve(line).file ?? 'configuration'}: ok\n`;
    case 'config':
      return asJson(line.showEnv ? resolve(line).config : masked(resolve(line).config));
    case 'schema':
      return asJson(readSchema());
    case 'version':
      return `${VERSION}\n`;
    case 'help':
    case 'run':
      return HELP;
  }
}

function resolve({ flags, command }: CommandLine): ResolvedConfig {
  return resolveConfig({ flags, command }, process.env, process.cwd());
}

/** The values of the environment may be secrets. */
function masked(config: Config): Config {
  const names = Object.keys(config.env);
  return { ...config, env: Object.fromEntries(names.map((name) => [name, '***'])) };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
