import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { formatProblem, ConfigError } from '../../src/config/problem.ts';
import { readSchema } from '../../src/config/schema.ts';
import { validate } from '../../src/config/validate.ts';
import { refusalOfScale } from '../../src/core/scale.ts';

/** Every line that the validation of this data prints. */
function problemsOf(data: unknown): readonly string[] {
  try {
    validate(data, (pointer) => ({ source: 'FILE', pointer }));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).toBe(error.problems.map(formatProblem).join('\n'));
    return error.message.split('\n');
  }
}

const valid = { command: ['true'] };

describe('defaults', () => {
  test('come from the schema, for every level', () => {
    expect(validate(valid, (pointer) => ({ source: 'FILE', pointer }))).toEqual({
      workers: 1,
      command: ['true'],
      args: [],
      env: {},
      reloadDelay: 0.5,
      restart: { policy: 'Always', successExitCodes: [0], fatalExitCodes: [] },
      stop: {
        signal: 'SIGTERM',
        order: 'sequential',
        gracePeriodSeconds: 10,
        timeoutSeconds: 25,
      },
      minReadySeconds: 0,
      minReady: 1,
      rollout: { maxUnavailable: 1, maxSurge: 0 },
      signals: {
        SIGTERM: 'stop',
        SIGINT: 'stop',
        SIGQUIT: 'stop',
        SIGHUP: 'reload',
        SIGUSR1: 'forward',
        SIGUSR2: 'forward',
        SIGWINCH: 'forward',
        SIGTTIN: 'scale-up',
        SIGTTOU: 'scale-down',
      },
      subreaper: false,
      parentDeathSignal: false,
      oomScoreAdj: 500,
      metrics: { enabled: true, host: '::', port: 9464, path: '/metrics', page: true },
      control: { socket: false },
      reload: { watch: false },
      log: { level: 'info', format: 'auto', workers: 'inherit' },
    });
  });

  test('leave the data as it was', () => {
    const data = { ...valid, stop: {} };
    validate(data, (pointer) => ({ source: 'FILE', pointer }));
    expect(data).toEqual({ command: ['true'], stop: {} });
  });

  test('every key has a description', () => {
    const missing: string[] = [];
    const visit = (node: Record<string, unknown>, path: string): void => {
      const properties = (node['properties'] ?? {}) as Record<string, Record<string, unknown>>;
      for (const [key, child] of Object.entries(properties)) {
        const referred = '$ref' in child || 'allOf' in child;
        if (!referred && typeof child['description'] !== 'string') missing.push(`${path}/${key}`);
        visit(child, `${path}/${key}`);
      }
    };
    visit(readSchema(), '');
    expect(missing).toEqual([]);
  });
});

describe('what is valid', () => {
  test.each<[string, unknown]>([
    ['a string command', { command: 'exec app "$HOME"' }],
    ['no workers', { ...valid, workers: 0 }],
    ['auto', { ...valid, workers: 'auto' }],
    ['the most workers', { ...valid, workers: 10000 }],
    ['a fraction of a second', { ...valid, reloadDelay: 0.001 }],
    ['no delay', { ...valid, reloadDelay: 0 }],
    ['$schema', { ...valid, $schema: './supervisor.schema.json' }],
    [
      'a grace as long as the stop',
      { ...valid, stop: { gracePeriodSeconds: 5, timeoutSeconds: 5 } },
    ],
    ['a percentage', { ...valid, minReady: '50%' }],
    ['empty args beside a string', { command: 'app', args: [] }],
    ['the last port', { ...valid, workers: 2, portBase: 65534 }],
    ['ports up to that of the metrics', { ...valid, workers: 4, portBase: 9460 }],
    [
      'ports over that of metrics that are off',
      { ...valid, portBase: 9464, metrics: { enabled: false } },
    ],
    ['a program that is named by a variable', { command: ['$(APP)'] }],
  ])('%s', (_, data) => {
    expect(problemsOf(data)).toEqual([]);
  });
});

describe('what is not, and how it reads', () => {
  test.each<[unknown, ...string[]]>([
    [
      {},
      'FILE: /command: expected a non-empty array of strings or a non-empty string, found nothing',
    ],
    [[], 'FILE: expected an object, found []'],
    [null, 'FILE: expected an object, found null'],
    [
      { ...valid, workers: 'two' },
      'FILE: /workers: expected an integer ≥ 0 or "auto", found "two"',
    ],
    [{ ...valid, workers: 1.5 }, 'FILE: /workers: expected an integer ≥ 0 or "auto", found 1.5'],
    [{ ...valid, workers: -1 }, 'FILE: /workers: expected at least 0, found -1'],
    [{ ...valid, workers: 10001 }, 'FILE: /workers: expected at most 10000, found 10001'],
    [
      { command: [] },
      'FILE: /command: expected a non-empty array of strings or a non-empty string, found []',
    ],
    [
      { command: '' },
      'FILE: /command: expected a non-empty array of strings or a non-empty string, found ""',
    ],
    [{ command: ['app', 3] }, 'FILE: /command/1: expected a string without a NUL byte, found 3'],
    [
      { command: ['app', 'a\0b'] },
      'FILE: /command/1: expected a string without a NUL byte, found "a\\u0000b"',
    ],
    [{ command: [''] }, 'FILE: /command/0: expected the program to run, found ""'],
    [
      { command: 'app', args: ['-v'] },
      'FILE: /args: expected nothing beside a command that is a string, found ["-v"]; write the arguments into the string, or the command as an array',
    ],
    [{ ...valid, args: 'x' }, 'FILE: /args: expected an array, found "x"'],
    [{ ...valid, reloadDelay: '1s' }, 'FILE: /reloadDelay: expected a number ≥ 0, found "1s"'],
    [{ ...valid, reloadDelay: -0.5 }, 'FILE: /reloadDelay: expected at least 0, found -0.5'],
    [
      { ...valid, worker: 2 },
      'FILE: /worker: expected a known key, found "worker"; did you mean "workers"?',
    ],
    [
      { ...valid, colour: 2 },
      'FILE: /colour: expected a known key, found "colour"; known are $schema, workers, command, args, env, portBase, workingDir, reloadDelay, restart, stop, minReadySeconds, minReady, startupProbe, readinessProbe, livenessProbe, notify, recycle, rollout, signals, subreaper, parentDeathSignal, oomScoreAdj, metrics, control, reload, log',
    ],
    [
      { ...valid, stop: { grace: 1, gracePeriodSecond: 2 } },
      'FILE: /stop/grace: expected a known key, found "grace"; known are signal, order, gracePeriodSeconds, timeoutSeconds, killMode',
      'FILE: /stop/gracePeriodSecond: expected a known key, found "gracePeriodSecond"; did you mean "gracePeriodSeconds"?',
    ],
    [{ ...valid, stop: 5 }, 'FILE: /stop: expected an object, found 5'],
    [
      { ...valid, stop: { signal: 'SIGTREM' } },
      'FILE: /stop/signal: expected the name of a signal, such as "SIGTERM", found "SIGTREM"; did you mean "SIGTERM"?',
    ],
    [
      { ...valid, stop: { signal: 15 } },
      'FILE: /stop/signal: expected the name of a signal, such as "SIGTERM", found 15',
    ],
    [
      { ...valid, stop: { order: 'reverse' } },
      'FILE: /stop/order: expected one of "sequential", "parallel", found "reverse"',
    ],
    [
      { ...valid, stop: { timeoutSeconds: 5 } },
      'FILE: /stop/gracePeriodSeconds: expected at most stop.timeoutSeconds, which is 5, found 10; set both: one worker cannot have more time than the whole stop',
    ],
    [
      { ...valid, env: { 'A=B': 'x', '': 'y' } },
      'FILE: /env/A=B: expected a variable name: not empty, without "=" and NUL, found "A=B"',
      'FILE: /env/: expected a variable name: not empty, without "=" and NUL, found ""',
    ],
    [
      { ...valid, env: { TOKEN: 12345 } },
      'FILE: /env/TOKEN: expected a string without a NUL byte, found a value of type number',
    ],
    [
      { ...valid, env: { SUPERVISOR_WORKER_INDEX: '1' } },
      'FILE: /env/SUPERVISOR_WORKER_INDEX: expected another name, found "SUPERVISOR_WORKER_INDEX"; the supervisor sets this variable for every worker',
    ],
    [
      { ...valid, portBase: 8000, env: { PORT: '1' } },
      'FILE: /env/PORT: expected no variable PORT beside portBase, found both; remove one of them: portBase gives every worker a PORT of its own',
    ],
    [
      { ...valid, workers: 3, portBase: 65534 },
      'FILE: /portBase: expected at most 65533 for 3 workers, because ports end at 65535, found 65534',
    ],
    [
      { ...valid, workers: 5, portBase: 9460 },
      'FILE: /portBase: expected 5 ports without metrics.port, which is 9464, found 9460 to 9464',
    ],
    [{ ...valid, portBase: 0 }, 'FILE: /portBase: expected at least 1, found 0'],
    [
      { ...valid, minReady: '150%' },
      'FILE: /minReady: expected an integer ≥ 0 or a percentage such as "50%", found "150%"',
    ],
    [
      { ...valid, metrics: { port: 65536, enabled: 'yes', path: 'metrics' } },
      'FILE: /metrics/enabled: expected true or false, found "yes"',
      'FILE: /metrics/port: expected at most 65535, found 65536',
      'FILE: /metrics/path: expected a path that starts with "/", without "?", "#" and spaces, found "metrics"',
    ],
    [
      { ...valid, metrics: { port: '9464' } },
      'FILE: /metrics/port: expected an integer from 0 to 65535, found "9464"',
    ],
    [
      { ...valid, log: { level: 'warning' } },
      'FILE: /log/level: expected one of "debug", "info", "warn", "error", found "warning"',
    ],
    [
      { ...valid, signals: { SIGTRM: 'stop', SIGHUP: 'reload it', SIGUSR1: { forward: 'SIGX' } } },
      'FILE: /signals/SIGTRM: expected a known key, found "SIGTRM"; did you mean "SIGTERM"?',
      'FILE: /signals/SIGHUP: expected one of "stop", "reload", "restart", "scale-up", "scale-down", "ignore", "forward" or { "forward": SIGNAL }, found "reload it"',
      'FILE: /signals/SIGUSR1/forward: expected the name of a signal, such as "SIGTERM", found "SIGX"; did you mean "SIGIO"?',
    ],
    [
      { ...valid, signals: { SIGKILL: 'ignore' } },
      'FILE: /signals/SIGKILL: expected a known key, found "SIGKILL"; known are SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGTTIN, SIGTTOU, SIGABRT, SIGALRM, SIGCONT, SIGIO, SIGPIPE, SIGPROF, SIGPWR, SIGSTKFLT, SIGSYS, SIGTRAP, SIGTSTP, SIGURG, SIGVTALRM, SIGXCPU, SIGXFSZ',
    ],
    [
      { ...valid, rollout: { maxUnavailable: 0 } },
      'FILE: /rollout: expected maxUnavailable or maxSurge above 0, found two zeros; with neither no worker could ever be replaced',
    ],
    [
      { ...valid, rollout: { maxSurge: 1 }, portBase: 9000 },
      'FILE: /rollout/maxSurge: expected 0 beside portBase, found 1; two processes with one index would need the same port',
    ],
    [
      { ...valid, rollout: { maxSurge: -1 }, minReadySeconds: -1 },
      'FILE: /minReadySeconds: expected at least 0, found -1',
      'FILE: /rollout/maxSurge: expected at least 0, found -1',
    ],
    [
      { ...valid, control: { socket: true } },
      'FILE: /control/socket: expected a path, or false, found true',
    ],
    [
      { ...valid, control: { socket: 'ü'.repeat(54) } },
      "FILE: /control/socket: expected at most 107 bytes, as the system has it for a socket's path, found 108 bytes",
    ],
    [{ ...valid, reload: { watch: 1 } }, 'FILE: /reload/watch: expected true or false, found 1'],
    [{ ...valid, oomScoreAdj: 1001 }, 'FILE: /oomScoreAdj: expected at most 1000, found 1001'],
    [
      { ...valid, parentDeathSignal: true },
      'FILE: /parentDeathSignal: expected the name of a signal, such as "SIGTERM", or false, found true',
    ],
    [
      { ...valid, restart: { policy: 'always', successExitCodes: [256], fatalExitCodes: [0] } },
      'FILE: /restart/policy: expected one of "Always", "OnFailure", "Never", found "always"; did you mean "Always"?',
      'FILE: /restart/successExitCodes/0: expected at most 255, found 256',
      'FILE: /restart/fatalExitCodes/0: expected at least 1, found 0',
    ],
    [
      { ...valid, restart: { successExitCodes: [0, 3], fatalExitCodes: [3] } },
      'FILE: /restart/fatalExitCodes: expected codes that are not in restart.successExitCodes, found 3',
    ],
    [
      { ...valid, restart: { limit: { restarts: 5 } } },
      'FILE: /restart/limit/withinSeconds: expected a number > 0, found nothing',
    ],
    [
      { ...valid, restart: { limit: { restarts: 5, withinSeconds: 0 } } },
      'FILE: /restart/limit/withinSeconds: expected more than 0, found 0',
    ],
    [
      { ...valid, reloadDelay: 9, restart: { backoff: { maxSeconds: 5 } } },
      'FILE: /restart/backoff/maxSeconds: expected at least the first delay, which is 9, found 5',
    ],
    [
      { ...valid, restart: { backoff: { factor: 0.5, jitter: 2 } } },
      'FILE: /restart/backoff/factor: expected at least 1, found 0.5',
      'FILE: /restart/backoff/jitter: expected at most 1, found 2',
    ],
    [
      { ...valid, env: 'TOKEN=secret' },
      'FILE: /env: expected an object, found a value of type string',
    ],
    [
      { ...valid, metrics: { path: '/readyz' } },
      'FILE: /metrics/path: expected a path that has no other use (/livez, /healthz, /readyz, /, /status), found "/readyz"',
    ],
    [
      { ...valid, metrics: { workers: { port: 9464 } } },
      'FILE: /metrics/workers/port: expected a port of the worker, found 9464, which is metrics.port',
    ],
    [
      { ...valid, workers: 2, metrics: { workers: { port: 9000 } } },
      'FILE: /metrics/workers/port: expected a port for each of 2 workers, found 9000; set portBase, and let the workers listen on "$(PORT)"',
    ],
    [
      { ...valid, 'a/b~c': 1 },
      'FILE: /a~1b~0c: expected a known key, found "a/b~c"; known are $schema, workers, command, args, env, portBase, workingDir, reloadDelay, restart, stop, minReadySeconds, minReady, startupProbe, readinessProbe, livenessProbe, notify, recycle, rollout, signals, subreaper, parentDeathSignal, oomScoreAdj, metrics, control, reload, log',
    ],
  ])('%j', (data, ...lines) => {
    expect(problemsOf(data)).toEqual(lines);
  });

  test('everything is told in one run, what values say to each other included', () => {
    const lines = problemsOf({
      command: 'app',
      args: ['x'],
      workers: 'two',
      sotp: {},
      stop: { gracePeriodSeconds: 30, order: 'reverse' },
      env: { A: 1 },
    });
    expect(lines.map((line) => line.split(':')[1])).toEqual([
      ' /sotp',
      ' /workers',
      ' /env/A',
      ' /stop/order',
      ' /args',
      ' /stop/gracePeriodSeconds',
    ]);
  });

  test('a long value is cut', () => {
    const [line = ''] = problemsOf({ ...valid, reloadDelay: 'x'.repeat(1000) });
    expect(line.length).toBeLessThan(150);
    expect(line).toMatch(/…$/);
  });

  test('what refers to itself, and what is no data', () => {
    const cyclic: Record<string, unknown> = { command: ['true'] };
    cyclic['args'] = cyclic;
    expect(problemsOf(cyclic)).toEqual([
      'FILE: /args: expected an array, found a value that refers to itself',
    ]);
    expect(problemsOf({ command: Symbol.iterator })).toEqual([
      'FILE: expected plain data, found Symbol(Symbol.iterator) could not be cloned.',
    ]);
  });
});

/** As a file has it: what is undefined is not there. */
function withoutUndefined(data: object): object {
  return JSON.parse(JSON.stringify(data)) as object;
}

describe('how many workers there can be', () => {
  const port = fc.oneof(
    fc.integer({ min: 9450, max: 9480 }),
    fc.integer({ min: 65_500, max: 65_535 }),
  );
  const ports = fc.record({
    portBase: fc.option(port, { nil: undefined }),
    metrics: fc.record({
      enabled: fc.boolean(),
      port,
      workers: fc.option(fc.constantFrom({ port: 8080 }, { port: '$(PORT)' }), { nil: undefined }),
    }),
  });

  test('is the same at a start and for a scale', () => {
    fc.assert(
      fc.property(ports, fc.integer({ min: 0, max: 50 }), (options, workers) => {
        const data = { ...valid, ...withoutUndefined(options), workers };
        const started = validate({ ...data, workers: 0 }, (pointer) => ({
          source: 'FILE',
          pointer,
        }));
        expect(refusalOfScale(workers, started) === null).toBe(problemsOf(data).length === 0);
      }),
      { numRuns: 2000 },
    );
  });
});
