import { describe, expect, test } from '@jest/globals';

import type { StatusDocument, WorkerDocument } from '../../src/observe/status.ts';
import { recorded } from '../../src/page/history.ts';
import { viewOf } from '../../src/page/view.ts';
import type { View } from '../../src/page/view.ts';
import type { Row } from '../../src/page/row.ts';
import { CRASHED, NOW, replacing, statusDocument, workerDocument } from './documents.ts';

function view(document: StatusDocument): View {
  return viewOf(document, recorded(new Map(), document, 0), NOW);
}

function row(facts: Partial<WorkerDocument>): Row {
  return view(statusDocument([workerDocument(facts)])).rows[0]!;
}

describe('a row', () => {
  test('of a worker that runs', () => {
    expect(row({ index: 3 })).toMatchObject({
      index: '3',
      state: { text: 'running', detail: '', tone: 'good' },
      told: '',
      pid: '100',
      uptime: '10 s',
      restarts: { text: '0', detail: '' },
      lastExit: { text: '–', detail: '' },
      memory: { text: '1.00 MiB', label: 'last minute: 1.00 MiB' },
      cpu: { text: '–', label: '' },
    });
  });

  test('of a worker that waits for its start', () => {
    expect(row(CRASHED)).toMatchObject({
      state: { text: 'backoff', detail: 'next start in 3.2 s', tone: 'bad' },
      pid: '–',
      uptime: '–',
      lastExit: { text: 'code 1', detail: '5 s ago', at: '2026-01-02T03:04:05.000Z' },
      memory: { text: '–', label: '', line: '' },
    });
    expect(row({ ...CRASHED, nextStartInSeconds: 185 }).state.detail).toBe(
      'next start in 3 min 05 s',
    );
    expect(row({ ...CRASHED, nextStartInSeconds: 0 }).state.detail).toBe('start is due');
  });

  test('of a worker that is not ready yet', () => {
    const { state } = row({ ready: false });
    expect(state).toMatchObject({ text: 'running', detail: 'not ready', tone: 'busy' });
    expect(state.shape).not.toBe(row({}).state.shape);
  });

  test('tells what the worker says of itself, or else why it is not ready', () => {
    const notReady = { ready: false, notReadyBecause: 'its readiness probe does not succeed' };
    expect(row(notReady).told).toBe('its readiness probe does not succeed');
    expect(row({ ...notReady, statusText: '3 of 10 loaded' }).told).toBe('3 of 10 loaded');
    expect(row({ statusText: '10 of 10 loaded' }).told).toBe('10 of 10 loaded');
  });

  test.each(['starting', 'stopping', 'stopped'] as const)('of a worker that is %s', (state) => {
    expect(row({ state, ready: false }).state).toMatchObject({ text: state, detail: '' });
  });

  test('no two states have the same shape', () => {
    const states = ['starting', 'running', 'backoff', 'stopping', 'stopped'] as const;
    expect(new Set(states.map((state) => row({ state }).state.shape)).size).toBe(5);
  });

  test('has the restarts by reason, the most frequent first', () => {
    expect(row({ restarts: { exit: 0, oom: 1, signal: 3 } }).restarts).toEqual({
      text: '4',
      detail: '3 signal, 1 oom',
    });
  });

  test.each([
    [0, null, 'exit', 'code 0', '2 min ago'],
    [137, 'SIGKILL', 'signal', 'code 137, SIGKILL', '2 min ago'],
    [137, 'SIGKILL', 'oom', 'code 137, SIGKILL', 'oom, 2 min ago'],
    [137, null, 'oom', 'code 137', 'oom, 2 min ago'],
    [0, null, 'stopped', 'code 0', 'stopped, 2 min ago'],
    [162, null, 'signal', 'code 162', 'signal, 2 min ago'],
  ] as const)('tells an end with %d, %s, %s', (code, signal, reason, text, detail) => {
    const at = new Date(NOW - 150_000).toISOString();
    expect(row({ lastExit: { code, signal, reason, at } }).lastExit).toEqual({ text, detail, at });
  });
});

describe('the rows of a worker that is replaced', () => {
  const [predecessor, replacement] = replacing({ index: 1 });
  const workers = [workerDocument(), predecessor, replacement, workerDocument({ index: 2 })];
  const shown = view(statusDocument(workers, { desired: 3, ready: 3 }));

  test('are two, the predecessor first, each with a key of its own', () => {
    expect(shown.rows.map(({ index, pid }) => [index, pid])).toEqual([
      ['0', '100'],
      ['1', '100'],
      ['1', '101'],
      ['2', '100'],
    ]);
    expect(new Set(shown.rows.map(({ key }) => key)).size).toBe(4);
  });

  test('tell which is which, and the restarts once', () => {
    const [, before, after] = shown.rows;
    expect(before).toMatchObject({
      state: { text: 'running', detail: 'being replaced', tone: 'good' },
      restarts: { text: '–', detail: '' },
    });
    expect(after).toMatchObject({
      state: { text: 'running', detail: 'not ready', tone: 'busy' },
      restarts: { text: '1', detail: '1 rollout' },
    });
  });

  test('have the keys that the row had before and has afterwards', () => {
    const keysOf = (each: readonly WorkerDocument[]): readonly string[] =>
      view(statusDocument(each)).rows.map(({ key }) => key);
    const rest = keysOf([workerDocument(), replacement, workerDocument({ index: 2 })]);
    expect(shown.rows.map(({ key }) => key).filter((key) => rest.includes(key))).toEqual(rest);
  });

  test('count as one in the summary, with the memory of both', () => {
    expect(shown).toMatchObject({
      title: '3/3 ready',
      tone: 'good',
      facts: {
        ready: { text: '3 of 3', detail: '' },
        restarts: { text: '1' },
        memory: { text: '4.00 MiB' },
      },
    });
  });
});

describe('the summary', () => {
  test('of workers that are all ready', () => {
    const workers = [0, 1, 2].map((index) => workerDocument({ index, restarts: { oom: index } }));
    expect(view(statusDocument(workers))).toMatchObject({
      title: '3/3 ready',
      tone: 'good',
      readyShare: 1,
      empty: '',
      facts: {
        state: { text: 'Running', detail: 'pid 1' },
        ready: { text: '3 of 3', detail: '' },
        restarts: { text: '3', detail: '3 oom' },
        memory: { text: '3.00 MiB' },
        cpu: { text: '–' },
      },
    });
  });

  test('of one that is missing, and of all', () => {
    const one = [workerDocument(), workerDocument({ ...CRASHED, index: 1 })];
    expect(view(statusDocument(one))).toMatchObject({
      title: '1/2 ready',
      tone: 'busy',
      readyShare: 0.5,
      facts: { ready: { detail: '1 backoff' } },
    });
    expect(view(statusDocument([workerDocument(CRASHED)])).tone).toBe('bad');
  });

  test('counts nobody as missing who is not wanted any more', () => {
    const workers = [0, 1].map((index) => workerDocument({ index }));
    const surplus = { ...workers[1]!, state: 'stopping', ready: false } as const;
    const { facts, rows } = view(statusDocument([workers[0]!, surplus], { desired: 1 }));
    expect(facts.ready).toEqual({ text: '1 of 1', detail: '' });
    expect(rows).toHaveLength(2);
  });

  test.each([
    ['new', 1, 'No worker has been started yet.'],
    ['running', 0, 'No workers are wanted.'],
    ['stopping', 0, 'No worker is left.'],
    ['stopped', 2, 'No worker is left.'],
  ] as const)('without workers, while %s with %d wanted', (state, desired, empty) => {
    const { rows, facts, readyShare, ...rest } = view(statusDocument([], { state, desired }));
    expect(rest.empty).toBe(empty);
    expect(rows).toEqual([]);
    expect(facts.memory.text).toBe('–');
    expect(readyShare).toBe(desired === 0 ? 1 : 0);
  });

  test.each(['new', 'starting', 'stopping', 'stopped'] as const)('has %s in its title', (state) => {
    expect(view(statusDocument([workerDocument()], { state })).title).toBe(state);
  });

  test('adds up the CPU, and draws every row to one scale', () => {
    const documents = [0, 1].map((seconds) =>
      statusDocument([
        workerDocument({ cpuSeconds: 0.2 * seconds, residentMemoryBytes: 2 ** 24 }),
        workerDocument({ index: 1, cpuSeconds: seconds, residentMemoryBytes: 2 ** 20 }),
      ]),
    );
    const history = recorded(recorded(new Map(), documents[0]!, 0), documents[1]!, 1000);
    const { facts, rows } = viewOf(documents[1]!, history, NOW);
    expect(facts.cpu.text).toBe('120%');
    expect(rows.map(({ cpu }) => cpu.text)).toEqual(['20%', '100%']);
    expect(rows.map(({ memory }) => memory.line)).toEqual([
      'M118 1.5h0L120 1.5',
      'M118 21.2h0L120 21.2',
    ]);
  });
});
