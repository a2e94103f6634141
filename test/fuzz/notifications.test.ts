// What workers tell of themselves, in datagrams of any bytes or on a descriptor: only what is meant is taken.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { parseNotification } from '../../src/core/notification.ts';
import type { Notification } from '../../src/core/notification.ts';
import type { StatusDocument } from '../../src/observe/status.ts';
import { eventually } from '../helpers/eventually.ts';
import { Program, ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { damagedBytes } from './bytes.ts';
import { fuzz, testWithin, tryAll } from './fuzzing.ts';

const ASSIGNMENTS = [
  'READY=1',
  'READY=0',
  'READY=1\0',
  'STOPPING=1',
  'WATCHDOG=1',
  'WATCHDOG=',
  'RELOADING=1',
  'MAINPID=1',
  'ERRNO=2',
  'FDSTORE=1',
  'BARRIER=1',
  'STATUS=',
  'STATUS=ä\u009b31m\u2028',
  'STATUS=a=b',
  'STATUS=😀',
  '__proto__=1',
  '=',
  '',
].map((text) => Buffer.from(text));

const assignment = fc.oneof(
  fc.constantFrom(...ASSIGNMENTS),
  fc.constantFrom(...ASSIGNMENTS),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(4000).map((count) => Buffer.from(`STATUS=${'\u{1F600}'.repeat(count)}`)),
);
const message = fc
  .array(assignment, { maxLength: 5 })
  .map((all) => Buffer.concat(all.flatMap((each) => [each, Buffer.from('\n')])));
const datagram = fc.oneof(
  { weight: 3, arbitrary: message },
  { weight: 1, arbitrary: damagedBytes(message) },
);

/** The last assignment of each kind counts; a status is one line of at most 256 characters. */
function modelOf(bytes: Buffer): Notification {
  const lines = bytes.toString('utf8').split('\n');
  const ready = lines.filter((line) => /^(READY|STOPPING)=1$/.test(line)).at(-1);
  const watchdog = lines.filter((line) => /^WATCHDOG=(1|trigger)$/.test(line)).at(-1);
  const status = lines.filter((line) => line.startsWith('STATUS=')).at(-1);
  return {
    ...(ready === undefined ? {} : { ready: ready.startsWith('READY') }),
    ...(watchdog === undefined ? {} : { watchdog: watchdog.endsWith('1') ? 'ping' : 'trigger' }),
    ...(status === undefined
      ? {}
      : {
          status: status
            .slice('STATUS='.length)
            .replaceAll(/\p{Cc}/gu, ' ')
            .slice(0, 256),
        }),
  };
}

fuzz('a datagram says what the model says', datagram, (bytes) => {
  expect(parseNotification(bytes.toString('utf8'))).toEqual(modelOf(bytes));
});

const DATAGRAMS =
  'whatever is sent to a worker’s address, it lives, and what is sent then is taken';

testWithin(DATAGRAMS, async () => {
  const supervisor = Supervisor.start({
    command: ['sh', '-c', 'echo "at $NOTIFY_SOCKET"; exec sleep 1000'],
    notify: { socket: true },
  });
  const address = await eventually(() => {
    const [, found] = /^at (.+)$/m.exec(supervisor.stdout) ?? [];
    expect(found).toBeDefined();
    return found ?? '';
  });
  const status = async (): Promise<StatusDocument> =>
    JSON.parse((await supervisor.get('/status')).body) as StatusDocument;
  const [before] = (await status()).workers;
  const sender = new Program([process.execPath, `${ROOT}test/fixtures/datagrams.cjs`, address], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
  });
  const send = (datagrams: readonly Buffer[]): void => {
    for (const data of datagrams) sender.child.stdin?.write(`${data.toString('base64')}\n`);
  };
  let count = 0;
  const harmless = datagram.filter((bytes) => modelOf(bytes).watchdog !== 'trigger');
  await tryAll(DATAGRAMS, fc.array(harmless, { maxLength: 20 }), async (datagrams) => {
    send(datagrams);
    count += 1;
    await eventually(async () => {
      send([Buffer.from(`READY=1\nSTATUS=case ${count}`)]);
      expect((await status()).workers).toMatchObject([
        { state: 'running', ready: true, pid: before?.pid, starts: 1, statusText: `case ${count}` },
      ]);
    });
  });
  const told = 'it has told that it is stopping';
  const faults = supervisor.log.filter(({ level, msg }) => level !== 'info' && !msg.endsWith(told));
  expect(faults).toEqual([]);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

const line = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\0', 'READY=1', '\r').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(Buffer.alloc(3000, 'x')),
    ),
    { maxLength: 3 },
  )
  .map((all) => Buffer.concat(all));

/** Bytes after which a line is not waited for any longer; where they come in several reads, all of a read counts. */
const LONGEST_LINE = 4096;

fuzz('on a descriptor, an end of line makes it ready, and nothing else', line, async (bytes) => {
  const cwd = workspace();
  const file = join(cwd, 'bytes');
  writeFileSync(file, bytes);
  const supervisor = Supervisor.start({
    command: ['sh', '-c', `cat ${file} >&3; echo written; exec sleep 1000 3>&-`],
    notify: { fd: 3 },
    log: { level: 'debug' },
  });
  await eventually(() => {
    expect(supervisor.stdout).toContain('written');
  });
  const end = bytes.indexOf('\n');
  if (end !== -1 && end < LONGEST_LINE) await supervisor.logged(/is ready$/);
  expect((await supervisor.get('/livez')).status).toBe(200);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  if (end === -1) expect(supervisor.linesLike(/is ready$/)).toEqual([]);
  expect(supervisor.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});
