import type { Config } from '../config/generated.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** Which worker a process is. */
export interface Identity {
  /** The slot's index. */
  readonly index: number;
  /** How many workers are wanted at this start. */
  readonly count: number;
  /** The slot's start count, 1 for the first. */
  readonly starts: number;
}

/** What the supervisor sets for every worker. */
export const OWN_VARIABLES = [
  'SUPERVISOR_WORKER_INDEX',
  'SUPERVISOR_WORKER_COUNT',
  'SUPERVISOR_WORKER_STARTS',
] as const;

/** What to execute. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** Null: the supervisor's own working directory. */
  readonly workingDir: string | null;
}

export type CommandConfig = Pick<Config, 'command' | 'args' | 'env'> &
  Partial<Pick<Config, 'portBase' | 'workingDir'>>;

/**
 * The command of one worker: the exec form with its references expanded, or the shell form as it
 * stands, since the shell has its own `$NAME`.
 *
 * @param inherited - the supervisor's environment, less the variables that are meant for it alone
 */
export function commandOf(
  config: CommandConfig,
  inherited: Environment,
  identity: Identity,
): Command {
  const env = environmentOf(config, inherited, identity);
  const workingDir = config.workingDir ?? null;
  if (typeof config.command === 'string') {
    return { file: '/bin/sh', args: ['-c', config.command], env, workingDir };
  }
  const [file = '', ...args] = [...config.command, ...config.args].map((text) => expand(text, env));
  return { file, args, env, workingDir };
}

/**
 * Expands `$(NAME)` as a pod's command does: `$$(NAME)` is a literal `$(NAME)`, and a reference to an
 * unknown name stays as written.
 */
export function expand(text: string, env: Environment): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match: string, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(env, name) ? (env[name] ?? match) : match;
  });
}

/**
 * A worker's environment. `env` may refer to what is inherited, to the worker's own variables and to the entries above it.
 */
export function environmentOf(
  config: CommandConfig,
  inherited: Environment,
  identity: Identity,
): Environment {
  // without a prototype, so that __proto__ is a name like any other
  const own: Readonly<Record<(typeof OWN_VARIABLES)[number], string>> = {
    SUPERVISOR_WORKER_INDEX: String(identity.index),
    SUPERVISOR_WORKER_COUNT: String(identity.count),
    SUPERVISOR_WORKER_STARTS: String(identity.starts),
  };
  const env = Object.assign(Object.create(null) as Record<string, string>, inherited, own);
  if (config.portBase !== undefined) env['PORT'] = String(config.portBase + identity.index);
  for (const [name, value] of Object.entries(config.env)) {
    env[name] = expand(value, env);
  }
  return env;
}
