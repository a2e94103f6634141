// Compares the built supervisor with a bare loop of spawns, the floor, and with its peers, in one interleaved run.
//
//   npm run bench -- [--quick] [--only NAME,…] [--contestants NAME,…] [--json FILE] [--markdown FILE]
//
// Prints a table in Markdown. --quick takes a minute instead of several; --only takes a part of the measures by
// the first words of their names. What a machine cannot do (a peer that is not installed, a namespace without root)
// is left out, and named.
import { writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { parseArgs } from 'node:util';

import { CONTESTANTS } from './contestants.mjs';
import { crashLoop, memoryAfter } from './measures/crash-loop.mjs';
import { orphans } from './measures/orphans.mjs';
import { outputs } from './measures/output.mjs';
import { rest } from './measures/rest.mjs';
import { massCrash, replacement } from './measures/restart.mjs';
import { scales } from './measures/scale.mjs';
import { scrape } from './measures/scrape.mjs';
import { forwarding } from './measures/signal.mjs';
import { firstWorker, lastOf64 } from './measures/start.mjs';
import { stop } from './measures/stop.mjs';
import { markdown, summary } from './report.mjs';

const MEASURES = [
  firstWorker,
  lastOf64,
  replacement,
  massCrash,
  stop,
  rest,
  crashLoop,
  memoryAfter,
  ...outputs,
  orphans,
  forwarding,
  scrape,
  ...scales,
];

/** How long what is measured over a time takes. */
const EXTENT = {
  full: { idleSeconds: 30, restarts: 2000, times: 5000, outputSeconds: 1.5, scrapes: 200 },
  quick: { idleSeconds: 5, restarts: 500, times: 500, outputSeconds: 0.5, scrapes: 50 },
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contestants: { type: 'string' },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
});
const pace = options.quick ? 'quick' : 'full';

/** What could not be measured. */
const failures = [];

function say(text) {
  process.stderr.write(`${text}\n`);
}

function chosen(list, names) {
  if (names === undefined) return list;
  const wanted = names.split(',');
  return list.filter(({ name }) =>
    wanted.some((each) => name === each || name.startsWith(`${each} `)),
  );
}

/** Those that are there, and why the others are not. */
function present(contestants) {
  return contestants.map((contestant) => {
    const version = contestant.version();
    const reason = version === null ? 'not installed' : undefined;
    if (reason !== undefined) say(`${contestant.name}: ${reason}`);
    return { ...contestant, original: contestant, version, reason };
  });
}

/** Adds samples: of the measure's one row, or by the names of its rows. */
function collect(samples, measure, contestant, result) {
  if (measure.rows === undefined) {
    for (const value of [result].flat()) add(samples, measure.name, contestant.name, value);
    return;
  }
  collectRows(samples, contestant, result);
}

function collectRows(samples, contestant, results) {
  for (const [row, value] of Object.entries(results)) {
    // the scrape has two sides at a time
    const sides = typeof value === 'object' && value !== null ? value : null;
    if (sides === null) add(samples, row, contestant.name, value);
    else for (const [part, each] of Object.entries(sides)) add(samples, part, row, each);
  }
}

function add(samples, row, name, value) {
  if (value === null || value === undefined) return;
  samples[row] ??= {};
  (samples[row][name] ??= []).push(value);
}

async function take(samples, measure, contestant) {
  try {
    collect(samples, measure, contestant, await measure.measure(contestant, EXTENT[pace]));
  } catch (error) {
    failures.push({ contestant: contestant.name, measure: measure.name, reason: error.message });
    say(`${contestant.name}, ${measure.name}: ${error.message}`);
  }
}

/** Another begins in each round. */
function rotated(list, by) {
  return list.map((_, place) => list[(place + by) % list.length]);
}

async function measureAll(measures, contestants) {
  const samples = {};
  for (const measure of measures.filter(({ together }) => together)) {
    say(measure.name);
    await Promise.all(
      contestants.filter(measure.takes).map((each) => take(samples, measure, each)),
    );
  }
  const inTurn = measures.filter(({ together }) => !together);
  const rounds = Math.max(0, ...inTurn.map((measure) => measure.rounds[pace]));
  for (let round = 0; round < rounds; round += 1) {
    for (const measure of inTurn.filter((each) => round < each.rounds[pace])) {
      say(`${round + 1}/${measure.rounds[pace]} ${measure.name}`);
      for (const contestant of rotated(contestants.filter(measure.takes), round)) {
        await take(samples, measure, contestant);
      }
    }
  }
  return samples;
}

function canRun({ name, needsRoot = false }) {
  const can = !needsRoot || process.getuid() === 0;
  if (!can) say(`${name}: needs root`);
  return can;
}

const measures = chosen(MEASURES, options.only).filter(canRun);
const contestants = present(chosen(CONTESTANTS, options.contestants));
const there = contestants.filter(({ version }) => version !== null).map((each) => each.original);
const samples = await measureAll(measures, there);
const rows = measures
  .flatMap((measure) => measure.rows ?? [measure])
  .filter(({ name }) => samples[name] !== undefined)
  .map(({ name, title, unit, workers }) => summary({ name, title, unit, workers }, samples[name]));
const report = {
  machine: `Node ${process.version}, Linux ${release()}, ${availableParallelism()} CPUs`,
  contestants: contestants.map(({ name, version, note, reason }) => ({
    name,
    version,
    note,
    reason,
  })),
  rows,
  failures,
};
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.markdown !== undefined) writeFileSync(options.markdown, markdown(report));
process.stdout.write(markdown(report));
process.exit();
