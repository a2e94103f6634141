import { parseArgs } from 'node:util';

import { didYouMean } from '../config/nearest.ts';
import { OVERRIDES } from '../config/overrides.ts';
import { MOST_WORKERS } from '../core/operation.ts';

/** What is asked of a running supervisor. */
const CONTROLS = ['status', 'scale', 'restart', 'reload', 'stop'] as const;

const SUBCOMMANDS = ['run', 'check', 'config', 'schema', ...CONTROLS] as const;

export type Control = (typeof CONTROLS)[number];

export type Subcommand = (typeof SUBCOMMANDS)[number] | 'help' | 'version';

/** What the command line asks for. */
export interface CommandLine {
  readonly subcommand: Subcommand;
  /** The values of `--config`, `--workers` and the like, by the name of the flag. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly showEnv: boolean;
  /** Of `status`. */
  readonly json: boolean;
  /** Whether an operation is waited for. */
  readonly wait: boolean;
  /** Of `scale`, how many workers are wanted; of `restart`, the index of the worker, or null for all. */
  readonly operand: number | null;
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
const SWITCHES = ['show-env', 'json', 'no-wait', 'help', 'version'];

/** The switches that go with some subcommands alone. */
const SWITCHES_OF: Readonly<Record<string, readonly Subcommand[]>> = {
  'show-env': ['config'],
  json: ['status'],
  'no-wait': ['scale', 'restart', 'reload', 'stop'],
};

/** What may be said of a supervisor that is asked: how it is found. */
const CONTROL_FLAGS = ['config', 'socket'];

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
  const line = (subcommand: Subcommand, operand: number | null = null): CommandLine => ({
    subcommand,
    flags,
    showEnv: values['show-env'] === true,
    json: values['json'] === true,
    wait: values['no-wait'] !== true,
    operand,
    command,
  });
  if (values['help'] === true) return line('help');
  if (values['version'] === true) return line('version');
  const [first = 'run', ...operands] = positionals;
  const subcommand = subcommandOf(first);
  checkSwitches(subcommand, values);
  const asked = line(subcommand, operandOf(subcommand, operands));
  check(asked);
  return asked;
}

/** Whether it is asked of a running supervisor. */
export function isControl(subcommand: Subcommand): subcommand is Control {
  return CONTROLS.some((control) => control === subcommand);
}

function checkSwitches(subcommand: Subcommand, values: Values): void {
  for (const [name, subcommands] of Object.entries(SWITCHES_OF)) {
    if (values[name] === true && !subcommands.includes(subcommand)) {
      throw new UsageError(`--${name} goes with ${subcommands.join(', ')} alone`);
    }
  }
}

function check({ subcommand, flags, command }: CommandLine): void {
  if (command?.length === 0) throw new UsageError('expected a command behind --, found nothing');
  const given = Object.keys(flags).filter((name) => flags[name] !== undefined);
  if (subcommand === 'schema' && (given.length > 0 || command !== null)) {
    throw new UsageError(`schema: expected no option, found --${given[0] ?? ''}`);
  }
  if (!isControl(subcommand)) return;
  const other = command === null ? given.find((name) => !CONTROL_FLAGS.includes(name)) : '';
  if (other !== undefined) {
    throw new UsageError(
      `${subcommand}: expected no override but --socket, found --${other}; the supervisor is running already`,
    );
  }
  if (flags['socket'] === '') throw new UsageError('--socket: expected a path, found ""');
}

function subcommandOf(word: string): Subcommand {
  const subcommand = SUBCOMMANDS.find((name) => name === word);
  if (subcommand !== undefined) return subcommand;
  const hint = didYouMean(word, SUBCOMMANDS) ?? 'to run a command write it behind --';
  throw new UsageError(
    `expected ${SUBCOMMANDS.join(', ')}, found ${JSON.stringify(word)}; ${hint}`,
  );
}

function operandOf(subcommand: Subcommand, operands: readonly string[]): number | null {
  const takesOne = subcommand === 'scale' || subcommand === 'restart';
  const [operand, extra] = takesOne ? operands : [undefined, ...operands];
  if (extra !== undefined) {
    const hint = isControl(subcommand) ? '' : '; to run a command write it behind --';
    throw new UsageError(
      `${subcommand}: expected no further argument, found ${JSON.stringify(extra)}${hint}`,
    );
  }
  if (subcommand === 'scale') {
    return numberOf(
      operand,
      MOST_WORKERS,
      `scale: expected how many workers are wanted, 0 to ${MOST_WORKERS}`,
    );
  }
  if (operand === undefined) return null;
  return numberOf(
    operand,
    Number.MAX_SAFE_INTEGER,
    'restart: expected the index of a worker, an integer ≥ 0',
  );
}

function numberOf(text: string | undefined, most: number, expected: string): number {
  if (text !== undefined && /^\d+$/.test(text) && Number(text) <= most) return Number(text);
  const found = text === undefined ? 'nothing' : JSON.stringify(text);
  throw new UsageError(`${expected}, found ${found}`);
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
