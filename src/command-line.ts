import { parseArgs } from 'node:util';

import { didYouMean } from './config/nearest.ts';
import { OVERRIDES } from './config/overrides.ts';

const SUBCOMMANDS = ['run', 'check', 'config', 'schema'] as const;

export type Subcommand = (typeof SUBCOMMANDS)[number] | 'help' | 'version';

/** What the command line asks for. */
export interface CommandLine {
  readonly subcommand: Subcommand;
  /** The values of `--config`, `--workers` and the like, by the name of the flag. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly showEnv: boolean;
  /** What stands behind `--`, or null. */
  readonly command: readonly string[] | null;
}

/** A command line that means nothing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(`${message}\nTry: container-supervisor --help`);
  }
}

const VALUED = ['config', ...OVERRIDES.map(({ flag }) => flag)];
const SWITCHES = ['show-env', 'help', 'version'];

const options = {
  ...Object.fromEntries(VALUED.map((name) => [name, { type: 'string' as const }])),
  ...Object.fromEntries(SWITCHES.map((name) => [name, { type: 'boolean' as const }])),
  config: { type: 'string' as const, short: 'c' },
  help: { type: 'boolean' as const, short: 'h' },
  version: { type: 'boolean' as const, short: 'V' },
};

/**
 * Reads a command line.
 *
 * @param argv - without the interpreter and the script
 * @throws UsageError
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const end = argv.indexOf('--');
  const command = end === -1 ? null : argv.slice(end + 1);
  const { values, positionals } = parse(end === -1 ? argv : argv.slice(0, end));
  const flags = Object.fromEntries(VALUED.map((name) => [name, stringOf(values[name])] as const));
  const showEnv = values['show-env'] === true;
  const line = (subcommand: Subcommand): CommandLine => ({ subcommand, flags, showEnv, command });
  if (values['help'] === true) return line('help');
  if (values['version'] === true) return line('version');
  const asked = line(subcommandOf(positionals));
  check(asked);
  return asked;
}

function check({ subcommand, flags, showEnv, command }: CommandLine): void {
  if (showEnv && subcommand !== 'config') throw new UsageError('--show-env goes with config alone');
  if (command?.length === 0) throw new UsageError('expected a command behind --, found nothing');
  const given = Object.keys(flags).find((name) => flags[name] !== undefined);
  if (subcommand === 'schema' && (given !== undefined || command !== null)) {
    throw new UsageError(`schema: expected no option, found --${given ?? ''}`);
  }
}

function subcommandOf([first = 'run', ...rest]: readonly string[]): Subcommand {
  const subcommand = SUBCOMMANDS.find((name) => name === first);
  if (subcommand === undefined) {
    const hint = didYouMean(first, SUBCOMMANDS) ?? 'to run a command write it behind --';
    throw new UsageError(
      `expected ${SUBCOMMANDS.join(', ')}, found ${JSON.stringify(first)}; ${hint}`,
    );
  }
  const [extra] = rest;
  if (extra === undefined) return subcommand;
  throw new UsageError(
    `${subcommand}: expected no further argument, found ${JSON.stringify(extra)}; to run a command write it behind --`,
  );
}

type Values = Readonly<Record<string, unknown>>;

function parse(args: readonly string[]): { values: Values; positionals: readonly string[] } {
  const values: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokensOf(args)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') values[token.name] = valueOf(token);
  }
  return { values, positionals };
}

function tokensOf(args: readonly string[]): ReturnType<typeof tokenize> {
  // the usual start has none, and need not load Node's parser
  return args.length === 0 ? [] : tokenize(args);
}

function tokenize(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  }).tokens;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function valueOf({ name, rawName, value }: OptionToken): string | true {
  if (SWITCHES.includes(name)) {
    if (value === undefined) return true;
    throw new UsageError(`${rawName}: expected no value, found ${JSON.stringify(value)}`);
  }
  if (!VALUED.includes(name)) {
    const known = [...VALUED, ...SWITCHES].map((each) => `--${each}`);
    const hint = didYouMean(rawName, known);
    throw new UsageError(
      `expected a known option, found ${JSON.stringify(rawName)}${hint === undefined ? '' : `; ${hint}`}`,
    );
  }
  if (value === undefined) throw new UsageError(`${rawName}: expected a value, found nothing`);
  return value;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
