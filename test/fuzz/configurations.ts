import fc from 'fast-check';
import { dump } from 'js-yaml';

import { damagedBytes } from './bytes.ts';

/** Valid by themselves; together they have every key that there is. */
export const VALID: readonly Readonly<Record<string, unknown>>[] = [
  { command: ['true'] },
  {
    $schema: 'https://example.org/schema.json',
    workers: 'auto',
    command: 'exec sleep 1000',
    env: { NAME: '$(OTHER)', OTHER: '' },
    workingDir: '/',
    stop: { signal: 'SIGINT', order: 'parallel', gracePeriodSeconds: 1, timeoutSeconds: 2 },
    minReadySeconds: 1,
    minReady: '50%',
    log: { level: 'debug', format: 'json', workers: 'json' },
    recycle: { maxLifetimeSeconds: 3600, maxMemory: '512Mi', jitter: 0.5 },
    rollout: { maxUnavailable: 0, maxSurge: 1 },
  },
  {
    workers: 3,
    command: ['node', 'worker.js'],
    args: ['--port=$(PORT)', '$$(X)'],
    portBase: 4000,
    reloadDelay: 0.5,
    restart: {
      policy: 'OnFailure',
      successExitCodes: [0, 143],
      fatalExitCodes: [78],
      backoff: { initialSeconds: 1, factor: 2, maxSeconds: 60, jitter: 0.1, resetAfterSeconds: 5 },
      limit: { restarts: 5, withinSeconds: 60 },
    },
    signals: { SIGUSR1: 'restart', SIGUSR2: { forward: 'SIGHUP' }, SIGWINCH: 'ignore' },
    subreaper: true,
    parentDeathSignal: 'SIGKILL',
    oomScoreAdj: false,
    metrics: {
      enabled: true,
      host: '127.0.0.1',
      port: 0,
      path: '/m',
      page: false,
      workers: { port: '$(PORT)', path: '/x?y=$(SUPERVISOR_WORKER_INDEX)' },
    },
    control: { socket: 'control.sock' },
    reload: { watch: true },
    startupProbe: { exec: { command: ['test', '-e', 'x'] }, periodSeconds: 0.5 },
    readinessProbe: {
      httpGet: {
        port: '$(PORT)',
        path: '/',
        scheme: 'HTTPS',
        httpHeaders: [{ name: 'Host', value: 'a' }],
      },
      successThreshold: 2,
    },
    livenessProbe: { tcpSocket: { port: 1, host: 'localhost' }, failureThreshold: 9 },
    notify: { socket: true, watchdogSeconds: 5 },
  },
];

/** What programs, formats and prototypes treat in a special way. */
const ODD_TEXT = [
  '',
  '0',
  '\0',
  '\ud800',
  'a\udc00',
  '\u2028',
  '\n',
  '$(',
  '$(X)',
  '$$',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '~1/~0',
  '<<',
  '*a',
  '!!js/function',
  'x'.repeat(2000),
  'ä€😀',
  '50%',
  'SIGKILL',
  '\u001b[31m',
];

const ODD_NUMBER = [
  0,
  -0,
  -1,
  0.1,
  1e-300,
  1e300,
  Number.MAX_SAFE_INTEGER + 1,
  2 ** 31,
  2 ** 32,
  65_536,
  NaN,
  Infinity,
  -Infinity,
];

const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXT),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Any value that JSON or YAML can say. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(...ODD_NUMBER, true, false, null),
  fc.double(),
  fc.integer(),
  fc.constantFrom<unknown>([], {}, [[]], { a: {} }, [null]),
  fc.array(oddText, { maxLength: 3 }),
  fc.dictionary(oddText, oddText, { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** One change: at a place that `at` chooses, of this kind, with this value. */
interface Mutation {
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'rename' | 'wrap' | 'move';
  readonly key: string;
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(1000),
  kind: fc.constantFrom('replace', 'remove', 'add', 'rename', 'wrap', 'move'),
  key: oddText,
  value: oddValue,
});

/** Nearly valid data: most have one thing wrong, or none. */
export const nearlyValid: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom(...VALID), fc.array(mutation, { maxLength: 3 }))
  .map(([valid, mutations]) => mutations.reduce<unknown>(mutate, structuredClone(valid)));

type Container = Record<string, unknown>;

function mutate(data: unknown, { at, kind, key, value: given }: Mutation): unknown {
  // cases share their constants, and this one is changed further
  const value = structuredClone(given);
  const places = placesOf(data);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return value;
  const [container, name] = place;
  const old = container[name];
  if (kind === 'replace') define(container, name, value);
  if (kind === 'remove') Reflect.deleteProperty(container, name);
  if (kind === 'add') define(container, key, value);
  if (kind === 'wrap') define(container, name, [old]);
  if (kind === 'rename') {
    Reflect.deleteProperty(container, name);
    define(container, key, old);
  }
  if (kind === 'move') define(data as Container, name, structuredClone(old));
  return data;
}

/** An own property, whatever its name. */
function define(container: Container, name: string, value: unknown): void {
  if (Array.isArray(container) && !/^\d+$/.test(name)) {
    container.push(value);
    return;
  }
  const options = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(container, name, options);
}

function placesOf(data: unknown): readonly (readonly [Container, string])[] {
  if (typeof data !== 'object' || data === null) return [];
  const container = data as Container;
  return Object.keys(container).flatMap((name) => [
    [container, name] as const,
    ...placesOf(container[name]),
  ]);
}

/** A file: its name, and what is in it. */
export interface Written {
  readonly name: string;
  readonly content: Buffer;
}

/** Most files are in it. */
const UTF8 = ['utf8', 'utf8', 'utf8', 'utf8'] as const;

const text = nearlyValid.chain((data) =>
  fc.constantFrom(
    { name: 'c.json', text: JSON.stringify(data) },
    { name: 'c.json', text: doubled(JSON.stringify(data, null, 1)) },
    { name: 'c.yaml', text: JSON.stringify(data) },
    { name: 'c.yaml', text: dump(data, { skipInvalid: true }) },
    { name: '.supervisorrc', text: dump(data, { skipInvalid: true, flowLevel: 1 }) },
  ),
);

/** Each line twice: keys too. */
function doubled(lines: string): string {
  return lines.replace(/^( +".*),$/gm, '$1,\n$1,');
}

/** Files as they come: most are right as far as the format goes, some are damaged. */
export const file: fc.Arbitrary<Written> = fc
  .tuple(text, fc.constantFrom<BufferEncoding[]>(...UTF8, ...UTF8, 'utf16le', 'latin1'))
  .chain(([{ name, text }, encoding]) => {
    const content = fc.constant(Buffer.from(text, encoding));
    return fc
      .oneof({ weight: 2, arbitrary: content }, { weight: 1, arbitrary: damagedBytes(content) })
      .map((bytes) => ({ name, content: bytes }));
  });
