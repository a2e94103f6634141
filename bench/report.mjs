// The samples of a run as a table.
import { judge, phrase, TARGETS } from './targets.mjs';

export function median(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}

/** What the samples of a row come to. */
export function summary(row, samples) {
  const medians = Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [name, median(values)]),
  );
  const { 'container-supervisor': ours, floor } = medians;
  const target = TARGETS[row.name];
  return {
    ...row,
    samples,
    medians,
    ratio: ours === undefined || !floor ? null : ours / floor,
    target: target === undefined ? null : phrase(target),
    met: judge(target, ours, floor),
  };
}

/** Two tables in Markdown: a row for each measure, and a row for each number of workers. */
export function markdown({ contestants, rows, machine }) {
  const names = contestants.map(({ name }) => name);
  const measures = rows.filter(({ workers }) => workers === undefined);
  const scales = rows.filter(({ workers }) => workers !== undefined);
  const notes = contestants.map(
    ({ name, version, note, reason }) => `- ${name} ${version ?? `(${reason})`}: ${note}`,
  );
  return [
    ...(measures.length === 0 ? [] : [...measureTable(measures, names), '']),
    ...(scales.length === 0 ? [] : [...scaleTable(scales), '']),
    `Medians, and in brackets the least and the most, of one interleaved run: ${machine}.`,
    '',
    ...notes,
    '',
  ].join('\n');
}

function measureTable(rows, names) {
  return table(
    ['', ...names, 'ratio to the floor', 'target'],
    rows.map((row) => line(row, names)),
  );
}

/** Ours, and in brackets the floor's. */
function scaleTable(rows) {
  const workers = [...new Set(rows.map((row) => row.workers))];
  const titles = [...new Set(rows.map((row) => row.title))];
  const unitOf = (title) => rows.find((row) => row.title === title).unit;
  return table(
    ['workers', ...titles.map((title) => `${title}, ${unitOf(title)}`)],
    workers.map((count) => [
      String(count),
      ...titles.map((title) => {
        const row = rows.find((each) => each.workers === count && each.title === title);
        const { 'container-supervisor': ours, floor } = row?.medians ?? {};
        return ours === undefined || floor === undefined
          ? '–'
          : `${figure(ours)} (${figure(floor)})`;
      }),
    ]),
  );
}

function table(head, lines) {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}

function line(row, names) {
  const { title, unit, samples, ratio, target, met } = row;
  const verdict = met === null ? '' : met ? ', met' : ', **missed**';
  return [
    unit === '' ? title : `${title}, ${unit}`,
    ...names.map((name) => cell(samples[name])),
    ratio === null ? '' : ratio.toFixed(2),
    target === null ? '' : `${target}${verdict}`,
  ];
}

function cell(values) {
  if (values === undefined) return '–';
  const [least, most] = [Math.min(...values), Math.max(...values)].map(figure);
  return least === most ? least : `${figure(median(values))} (${least}…${most})`;
}

/** Three digits. */
function figure(value) {
  return Number(value.toPrecision(3)).toString();
}
