import { isContinuous, WINDOW } from './history.ts';
import type { Sample } from './history.ts';

/** The size of the drawing, in its own units. */
const WIDTH = 120;
const HEIGHT = 24;

/** Room for the line's own width at the top and at the bottom. */
const MARGIN = 1.5;

/** Two paths of SVG: the line, and the area under it. */
export interface Sparkline {
  readonly line: string;
  readonly area: string;
}

/**
 * The last minute of one value, the newest at the right edge. Where the process changed, or was not
 * watched, there is a gap.
 *
 * @param max - the value at the upper edge; the lower edge is 0
 */
export function sparkline(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | null,
  max: number,
): Sparkline {
  const end = samples.at(-1)?.at ?? 0;
  let line = '';
  let area = '';
  let previous: Sample | undefined;
  for (const sample of samples) {
    const value = valueOf(sample);
    if (value === null) continue;
    const isFirst = !isContinuous(previous, sample);
    if (isFirst && area !== '') area += `V${HEIGHT}Z`;
    const x = rounded(WIDTH * (1 - (end - sample.at) / WINDOW));
    const y = rounded(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * Math.min(1, value / max));
    // a line of no length is drawn as a dot
    line += isFirst ? `M${x} ${y}h0` : `L${x} ${y}`;
    area += isFirst ? `M${x} ${HEIGHT}V${y}` : `L${x} ${y}`;
    previous = sample;
  }
  return { line, area: area === '' ? '' : `${area}V${HEIGHT}Z` };
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
