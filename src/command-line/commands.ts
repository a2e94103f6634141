import { isControl, parseCommandLine, UsageError } from './command-line.ts';
import type { CommandLine, Control, Subcommand } from './command-line.ts';
import { controlSocket } from '../config/control-socket.ts';
import type { Config } from '../config/generated.ts';
import { ConfigError } from '../config/problem.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { readSchema } from '../config/schema.ts';
import type { Request } from '../control/protocol.ts';
import { help } from './help.ts';
import { supervise } from '../main.ts';
import { SignalSource } from '../pid1/signals.ts';
import type { EarlySignals } from '../pid1/signals.ts';
import { version } from '../version.ts';

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
      return await supervise(await resolve(line), line, signals);
    }
    signals.close();
    if (isControl(line.subcommand)) return await control(line, line.subcommand);
    process.stdout.write(await answer(line, line.subcommand));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return BAD_INPUT;
  }
}

/** @returns the exit status */
async function control(line: CommandLine, command: Control): Promise<number> {
  const path = await controlSocket(line.flags, process.env, workingDirectory());
  const { operate } = await import('../control/operate.ts');
  return operate(path, requestOf(line, command), line.json);
}

function requestOf({ wait, operand }: CommandLine, command: Control): Request {
  switch (command) {
    case 'status':
      return { command };
    case 'scale':
      return { command, workers: operand ?? 0, wait };
    case 'restart':
      return { command, worker: operand, wait };
    case 'reload':
    case 'stop':
      return { command, wait };
  }
}

async function answer(
  line: CommandLine,
  subcommand: Exclude<Subcommand, Control>,
): Promise<string> {
  switch (subcommand) {
    case 'check':
      return `${(await resolve(line)).file ?? 'configuration'}: ok\n`;
    case 'config': {
      const { config } = await resolve(line);
      return asJson(line.showEnv ? config : masked(config));
    }
    case 'schema':
      return asJson(readSchema());
    case 'version':
      return `${version()}\n`;
    case 'help':
    case 'run':
      return help();
  }
}

function resolve({ flags, command }: CommandLine): Promise<ResolvedConfig> {
  return resolveConfig({ flags, command }, process.env, workingDirectory());
}

/** @throws ConfigError where that has been deleted: nothing could be found from there */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const source = 'working directory';
    const found = `none: it has been deleted (${code})`;
    throw new ConfigError([{ source, pointer: '', expected: 'one that exists', found }]);
  }
}

/** The values of the environment may be secrets. */
function masked(config: Config): Config {
  const names = Object.keys(config.env);
  return { ...config, env: Object.fromEntries(names.map((name) => [name, '***'])) };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
