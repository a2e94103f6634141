// Whatever workers answer, what comes out of /metrics is an exposition that Prometheus' own parser takes.
import { spawnSync } from 'node:child_process';

import { expect } from '@jest/globals';
import fc from 'fast-check';

import { expose } from '../../src/observe/exposition/exposition.ts';
import type { ExposedFamily } from '../../src/observe/exposition/exposition.ts';
import {
  ExpositionParser,
  MalformedError,
  TooLargeError,
} from '../../src/observe/exposition/parse.ts';
import { mergeFamilies } from '../../src/observe/worker-metrics/merge.ts';
import type { WorkerFamilies } from '../../src/observe/worker-metrics/merge.ts';
import { expositions } from './expositions.ts';
import { fuzz, inTime } from './fuzzing.ts';

/** Some of the supervisor's own. */
const OWN: readonly ExposedFamily[] = [
  {
    name: 'supervisor_workers_ready',
    type: 'gauge',
    help: 'Ready.',
    samples: 'supervisor_workers_ready 1',
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU.',
    samples: 'process_cpu_seconds_total{worker="supervisor"} 1',
  },
];

/** What is taken of a worker's answer; nothing where it is none. */
function taken(worker: number, answer: Buffer): readonly WorkerFamilies[] {
  const parser = new ExpositionParser('worker', String(worker));
  const text = answer.toString('utf8');
  try {
    parser.push(text.slice(0, 50));
    parser.push(text.slice(50));
    return [{ worker, families: parser.end() }];
  } catch (error) {
    if (error instanceof MalformedError || error instanceof TooLargeError) return [];
    throw error;
  }
}

function merged(answers: readonly Buffer[]): readonly ExposedFamily[] {
  return mergeFamilies(
    OWN,
    answers.flatMap((answer, worker) => taken(worker, answer)),
  ).families;
}

const answers = fc.array(expositions, { minLength: 1, maxLength: 3 });

fuzz('promtool takes what comes of the workers’ answers', answers, (all) => {
  const { body } = expose(merged(all), 'prometheus');
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: body,
    encoding: 'utf8',
  });
  // its other complaints are of style
  if (status === 1) throw new Error(`${stderr}${body}`);
  expect([0, 3]).toContain(status);
});

fuzz('an answer that is taken is taken again, and is the same', answers, (all) =>
  inTime(() => {
    const families = merged(all);
    const { body } = expose(families, 'prometheus');
    const parser = new ExpositionParser('again', '1');
    parser.push(body);
    const again = parser.end();
    expect(again.map(({ name, type, help }) => ({ name, type, help }))).toEqual(
      families.map(({ name, type, help }) => ({ name, type, help })),
    );
    expect(again.map(({ samples }) => samples.replaceAll('again="1",', ''))).toEqual(
      families.map(({ samples }) =>
        samples.replaceAll('supervisor_workers_ready 1', 'supervisor_workers_ready{again="1"} 1'),
      ),
    );
  }),
);
