/** A configuration key that a flag or an environment variable can set. */
interface Override {
  /** The flag, without its dashes. */
  readonly flag: string;
  readonly variable: string;
  readonly pointer: string;
  /** What the flag's value is called in the help. */
  readonly value: string;
  readonly help: string;
}

/** The variable that names the control socket. */
export const SOCKET_VARIABLE = 'SUPERVISOR_CONTROL_SOCKET';

/** Every override, in the order of the help. */
export const OVERRIDES: readonly Override[] = [
  {
    flag: 'workers',
    variable: 'SUPERVISOR_WORKERS',
    pointer: '/workers',
    value: 'N',
    help: 'how many copies run, or "auto"',
  },
  {
    flag: 'reload-delay',
    variable: 'SUPERVISOR_RELOAD_DELAY',
    pointer: '/reloadDelay',
    value: 'SECONDS',
    help: 'least time between two passes of the restart loop',
  },
  {
    flag: 'metrics-port',
    // not …_METRICS_PORT, which the kubelet sets to a URL for a Service of that name
    variable: 'SUPERVISOR_METRICS_LISTEN_PORT',
    pointer: '/metrics/port',
    value: 'PORT',
    help: 'port of /metrics and the probes; 0 is any free one',
  },
  {
    flag: 'log-level',
    variable: 'SUPERVISOR_LOG_LEVEL',
    pointer: '/log/level',
    value: 'LEVEL',
    help: 'debug, info, warn or error',
  },
  {
    flag: 'log-format',
    variable: 'SUPERVISOR_LOG_FORMAT',
    pointer: '/log/format',
    value: 'FORMAT',
    help: 'auto, json or text',
  },
  {
    flag: 'socket',
    variable: SOCKET_VARIABLE,
    pointer: '/control/socket',
    value: 'PATH',
    help: 'control socket of status, scale, restart, reload and stop',
  },
];

/** The variable that names the configuration file. */
export const CONFIG_VARIABLE = 'SUPERVISOR_CONFIG';

/** A value that takes the place of the file's. */
export interface Overriding {
  readonly pointer: string;
  readonly value: unknown;
  /** The flag or the variable, as an error message names it. */
  readonly source: string;
}

/** The value of a variable. An empty one counts as not set, since templates leave such behind. */
export function settingOf(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  return env[variable] === '' ? undefined : env[variable];
}

/** What flags and environment variables say; a flag goes before a variable. */
export function overridesFrom(
  flags: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
): readonly Overriding[] {
  return OVERRIDES.flatMap(({ flag, variable, pointer }) => {
    const given = flags[flag];
    if (given !== undefined) return [{ pointer, value: parse(given), source: `--${flag}` }];
    const value = settingOf(env, variable);
    return value === undefined ? [] : [{ pointer, value: parse(value), source: variable }];
  });
}

/** `data` with the values of the overrides in their places. */
export function applyOverrides(data: unknown, overrides: readonly Overriding[]): unknown {
  return overrides.reduce(
    (result, { pointer, value }) => withValue(result, pointer.split('/').slice(1), value),
    data,
  );
}

/** The environment that workers inherit: all but what is meant for the supervisor alone. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const own = new Set([CONFIG_VARIABLE, ...OVERRIDES.map(({ variable }) => variable)]);
  const inherited = Object.entries(env).filter(([name]) => !own.has(name));
  return Object.fromEntries(inherited) as Record<string, string>;
}

/** A number where the text is one; whether it may be is the schema's to say. */
function parse(text: string): unknown {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

/** What is not an object stays as it is, for the validation to complain of. */
function withValue(data: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data))) {
    return data;
  }
  const object = (data ?? {}) as Record<string, unknown>;
  return { ...object, [key]: withValue(object[key], rest, value) };
}
