// What clients send to a running supervisor, on its port and on its socket: it goes on, and nothing is left of them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { ask } from '../helpers/ask.ts';
import { encode, parseAnswer, parseRequest } from '../../src/control/protocol.ts';
import type { Request } from '../../src/control/protocol.ts';
import { eventually } from '../helpers/eventually.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { damagedBytes } from './bytes.ts';
import { oddValue } from './configurations.ts';
import { testWithin, tryAll } from './fuzzing.ts';
import { requests } from './http-requests.ts';
import { behave, behaviourOf } from './raw-client.ts';

/** Most workers that a case may ask for. */
const MOST_WORKERS = 4;

/** What is no fault of the supervisor's: its workers crash. */
const EXPECTED = /^Worker \(pid:|^Refused: /;

interface Fuzzed {
  readonly supervisor: Supervisor;
  readonly socket: string;
}

/** One with a worker that crashes again and again. */
function start(): Fuzzed {
  const socket = join(workspace(), 'control.sock');
  const supervisor = Supervisor.start({
    workers: 2,
    command: ['sh', '-c', 'sleep 0.2; exit 3'],
    reloadDelay: 0.1,
    control: { socket },
  });
  return { supervisor, socket };
}

function descriptorsOf({ pid }: Supervisor): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function startsOf(supervisor: Supervisor): number {
  return supervisor.linesLike(/^Started child process/).length;
}

/** Fuzzes it, and looks after it: its workers are replaced, its log is clean, its descriptors are as many as before. */
async function survives(
  { supervisor, socket }: Fuzzed,
  fuzzing: () => Promise<void>,
): Promise<void> {
  await supervisor.logged(/^Started child process/, 4);
  await ask(socket, { command: 'status' });
  await supervisor.get('/metrics');
  const before = descriptorsOf(supervisor);
  await fuzzing();
  const starts = startsOf(supervisor);
  await eventually(() => {
    expect(startsOf(supervisor)).toBeGreaterThan(starts + 2);
  });
  const faults = supervisor.log.filter(({ level, msg }) => level !== 'info' && !EXPECTED.test(msg));
  expect(faults).toEqual([]);
  // the pool of `fetch` keeps a connection or two
  await eventually(() => {
    expect(descriptorsOf(supervisor)).toBeLessThanOrEqual(before + 2);
  });
  const status = await ask(socket, { command: 'status' });
  expect(status).toMatchObject({ outcome: 'done', status: { pid: supervisor.pid } });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
}

const HTTP = 'whatever is sent to the port, /livez answers, and the workers are replaced';

testWithin(HTTP, async () => {
  const fuzzed = start();
  const { supervisor } = fuzzed;
  const port = Number(new URL(await supervisor.url()).port);
  await survives(fuzzed, () =>
    tryAll(
      HTTP,
      fc.array(behaviourOf(requests), { minLength: 1, maxLength: 6 }),
      async (clients) => {
        const answers = await Promise.all(clients.map((each) => behave({ port }, each)));
        for (const answer of answers) {
          if (answer === null || answer.length === 0) continue;
          expect(answer.toString('latin1')).toMatch(
            /^HTTP\/1\.1 (100|200|400|404|405|408|413|414|417|431|503) /,
          );
        }
        expect((await supervisor.get('/livez')).status).toBe(200);
      },
    ),
  );
});

const asked: fc.Arbitrary<unknown> = fc.oneof(
  fc.record(
    {
      command: fc.oneof(fc.constantFrom('status', 'scale', 'restart', 'reload', 'stop'), oddValue),
      workers: fc.oneof(fc.nat(5), oddValue),
      worker: fc.oneof(fc.nat(5), fc.constant(null), oddValue),
      wait: fc.oneof(fc.boolean(), oddValue),
    },
    { requiredKeys: [] },
  ),
  fc.constantFrom<Request>(
    { command: 'status' },
    { command: 'scale', workers: 2, wait: true },
    { command: 'scale', workers: 3, wait: false },
    { command: 'restart', worker: 0, wait: false },
    { command: 'restart', worker: null, wait: true },
    { command: 'reload', wait: true },
  ),
  oddValue,
);

const line = asked.map((each) => Buffer.from(`${JSON.stringify(each)}\n`));

const lines = fc
  .oneof(
    { weight: 4, arbitrary: line },
    { weight: 2, arbitrary: fc.array(line, { maxLength: 4 }).map((all) => Buffer.concat(all)) },
    { weight: 2, arbitrary: damagedBytes(line) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('x', '[', ' ', '{"a":', '\0'),
          fc.constantFrom(4000, 5000, 1_000_000),
        )
        .map(([text, count]) => Buffer.from(text.repeat(count))),
    },
  )
  .filter((bytes) => !isTooMuch(bytes));

/** What would end the supervisor, or have it start more than this machine likes. */
function isTooMuch(bytes: Buffer): boolean {
  try {
    const [first = ''] = bytes.toString('utf8').split('\n', 1);
    const found = parseRequest(first);
    return found.command === 'stop' || (found.command === 'scale' && found.workers > MOST_WORKERS);
  } catch {
    return false;
  }
}

const CONTROL = 'whatever is sent to the socket, it is answered, and so is the next who asks';

testWithin(CONTROL, async () => {
  const fuzzed = start();
  const { socket, supervisor } = fuzzed;
  await survives(fuzzed, () =>
    tryAll(
      CONTROL,
      fc.array(behaviourOf(lines), { minLength: 1, maxLength: 6 }),
      async (clients) => {
        const answers = await Promise.all(clients.map((each) => behave({ path: socket }, each)));
        for (const answer of answers) {
          if (answer === null || answer.length === 0) continue;
          const text = answer.toString('utf8');
          expect(encode(parseAnswer(text.slice(0, -1)))).toBe(text);
        }
        expect(await ask(socket, { command: 'status' })).toMatchObject({
          status: { pid: supervisor.pid },
        });
      },
    ),
  );
});
