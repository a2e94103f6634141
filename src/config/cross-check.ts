import { OWN_VARIABLES } from '../core/command.ts';
import { checkNotify, checkProbe, checkRecycle } from './check-health.ts';
import type { Config } from './generated.ts';
import { show } from './problem.ts';
import type { Finding } from './problem.ts';
import { countWorkers } from './workers.ts';

/** A rule that a schema cannot state, over values that are each valid by themselves. */
interface Rule {
  /** The JSON pointers of the values that it compares. */
  readonly reads: readonly string[];
  readonly check: (config: Config) => readonly Finding[];
}

const RULES: readonly Rule[] = [
  { reads: ['/command'], check: checkProgram },
  { reads: ['/command', '/args'], check: checkShellForm },
  { reads: ['/stop/gracePeriodSeconds', '/stop/timeoutSeconds'], check: checkGracePeriod },
  { reads: ['/restart/successExitCodes', '/restart/fatalExitCodes'], check: checkExitCodes },
  { reads: ['/restart/backoff', '/reloadDelay'], check: checkBackoff },
  { reads: ['/metrics/path', '/metrics/page'], check: checkMetricsPath },
  { reads: ['/metrics/workers/port', '/metrics/port', '/workers'], check: checkWorkersPort },
  { reads: ['/rollout'], check: checkRollout },
  { reads: ['/rollout', '/portBase'], check: checkSurge },
  { reads: ['/control/socket'], check: checkSocketPath },
  { reads: ['/startupProbe'], check: checkProbe('startupProbe') },
  { reads: ['/readinessProbe'], check: checkProbe('readinessProbe') },
  { reads: ['/livenessProbe'], check: checkProbe('livenessProbe') },
  { reads: ['/notify'], check: checkNotify },
  { reads: ['/recycle'], check: checkRecycle },
  { reads: ['/env'], check: checkOwnVariables },
  { reads: ['/env', '/portBase'], check: checkPortVariable },
  { reads: ['/portBase', '/workers'], check: checkPortRange },
  {
    reads: ['/portBase', '/workers', '/metrics/enabled', '/metrics/port'],
    check: checkMetricsPort,
  },
];

/**
 * Compares values with each other, as far as they are valid by themselves.
 *
 * @param data - with defaults filled in
 * @param invalid - the JSON pointers of what is not valid
 */
export function crossCheck(data: unknown, invalid: readonly string[]): readonly Finding[] {
  const unusable = (pointer: string): boolean =>
    invalid.some((other) => isWithin(other, pointer) || isWithin(pointer, other));
  return RULES.filter((rule) => !rule.reads.some(unusable)).flatMap((rule) =>
    rule.check(data as Config),
  );
}

function isWithin(pointer: string, container: string): boolean {
  return `${pointer}/`.startsWith(`${container}/`);
}

function checkProgram({ command }: Config): readonly Finding[] {
  if (command[0] !== '') return [];
  return [{ pointer: '/command/0', expected: 'the program to run', found: '""' }];
}

function checkShellForm({ command, args }: Config): readonly Finding[] {
  if (typeof command !== 'string' || args.length === 0) return [];
  return [
    {
      pointer: '/args',
      expected: 'nothing beside a command that is a string',
      found: show(args),
      hint: 'write the arguments into the string, or the command as an array',
    },
  ];
}

function checkGracePeriod({ stop }: Config): readonly Finding[] {
  if (stop.gracePeriodSeconds <= stop.timeoutSeconds) return [];
  return [
    {
      pointer: '/stop/gracePeriodSeconds',
      expected: `at most stop.timeoutSeconds, which is ${stop.timeoutSeconds}`,
      found: show(stop.gracePeriodSeconds),
      hint: 'set both: one worker cannot have more time than the whole stop',
    },
  ];
}

function checkExitCodes({ restart }: Config): readonly Finding[] {
  const success = new Set(restart.successExitCodes);
  const both = restart.fatalExitCodes.filter((code) => success.has(code));
  return both.slice(0, 1).map((code) => ({
    pointer: '/restart/fatalExitCodes',
    expected: 'codes that are not in restart.successExitCodes',
    found: show(code),
  }));
}

function checkBackoff({ restart, reloadDelay }: Config): readonly Finding[] {
  const { backoff } = restart;
  if (backoff === undefined) return [];
  const initial = backoff.initialSeconds ?? reloadDelay;
  if (initial <= backoff.maxSeconds) return [];
  return [
    {
      pointer: '/restart/backoff/maxSeconds',
      expected: `at least the first delay, which is ${initial}`,
      found: show(backoff.maxSeconds),
    },
  ];
}

function checkOwnVariables({ env }: Config): readonly Finding[] {
  return OWN_VARIABLES.filter((name) => Object.hasOwn(env, name)).map((name) => ({
    pointer: `/env/${name}`,
    expected: 'another name',
    found: show(name),
    hint: 'the supervisor sets this variable for every worker',
  }));
}

function checkPortVariable({ env, portBase }: Config): readonly Finding[] {
  if (portBase === undefined || !Object.hasOwn(env, 'PORT')) return [];
  return [
    {
      pointer: '/env/PORT',
      expected: 'no variable PORT beside portBase',
      found: 'both',
      hint: 'remove one of them: portBase gives every worker a PORT of its own',
    },
  ];
}

function checkPortRange(config: Config): readonly Finding[] {
  const { portBase } = config;
  const { count } = countWorkers(config);
  if (portBase === undefined || portBase + count - 1 <= 65535) return [];
  return [
    {
      pointer: '/portBase',
      expected: `at most ${65536 - count} for ${count} workers, because ports end at 65535`,
      found: show(portBase),
    },
  ];
}

function checkRollout({ rollout }: Config): readonly Finding[] {
  if (rollout.maxUnavailable > 0 || rollout.maxSurge > 0) return [];
  return [
    {
      pointer: '/rollout',
      expected: 'maxUnavailable or maxSurge above 0',
      found: 'two zeros',
      hint: 'with neither no worker could ever be replaced',
    },
  ];
}

function checkSurge({ rollout, portBase }: Config): readonly Finding[] {
  if (portBase === undefined || rollout.maxSurge === 0) return [];
  return [
    {
      pointer: '/rollout/maxSurge',
      expected: '0 beside portBase',
      found: show(rollout.maxSurge),
      hint: 'two processes with one index would need the same port',
    },
  ];
}

/** The system's structure has 108 bytes for it, with the NUL at its end (unix(7)). */
const LONGEST_SOCKET_PATH = 107;

function checkSocketPath({ control: { socket } }: Config): readonly Finding[] {
  const length = socket === false ? 0 : Buffer.byteLength(socket);
  if (length <= LONGEST_SOCKET_PATH) return [];
  return [
    {
      pointer: '/control/socket',
      expected: `at most ${LONGEST_SOCKET_PATH} bytes, as the system has it for a socket's path`,
      found: `${length} bytes`,
    },
  ];
}

function checkMetricsPath({ metrics }: Config): readonly Finding[] {
  const others = ['/livez', '/healthz', '/readyz', ...(metrics.page ? ['/', '/status'] : [])];
  if (!others.includes(metrics.path)) return [];
  return [
    {
      pointer: '/metrics/path',
      expected: `a path that has no other use (${others.join(', ')})`,
      found: show(metrics.path),
    },
  ];
}

function checkWorkersPort(config: Config): readonly Finding[] {
  const port = config.metrics.workers?.port;
  const { count } = countWorkers(config);
  if (port !== undefined && port === config.metrics.port) {
    return [
      {
        pointer: '/metrics/workers/port',
        expected: 'a port of the worker',
        found: `${show(port)}, which is metrics.port`,
      },
    ];
  }
  if (typeof port !== 'number' || count < 2) return [];
  return [
    {
      pointer: '/metrics/workers/port',
      expected: `a port for each of ${count} workers`,
      found: show(port),
      hint: 'set portBase, and let the workers listen on "$(PORT)"',
    },
  ];
}

function checkMetricsPort(config: Config): readonly Finding[] {
  const { portBase, metrics } = config;
  const { count } = countWorkers(config);
  if (portBase === undefined || !metrics.enabled) return [];
  if (metrics.port < portBase || metrics.port >= portBase + count) return [];
  return [
    {
      pointer: '/portBase',
      expected: `${count} ports without metrics.port, which is ${metrics.port}`,
      found: `${portBase} to ${portBase + count - 1}`,
    },
  ];
}
