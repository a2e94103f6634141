// What is to be reached, against the floor in the same run: a ratio at most or at least, or so much more at most.

/** By the name of the row. */
export const TARGETS = {
  'start first': { ratioAtMost: 1.6 },
  'start last': { ratioAtMost: 1.3 },
  replacement: { ratioAtMost: 1.3 },
  'mass crash': { ratioAtMost: 1.2 },
  stop: { ratioAtMost: 1.1 },
  idle: { moreAtMost: 2 },
  memory: { moreAtMost: 10 },
  'memory after': { moreAtMost: 10 },
  'CPU per restart': { ratioAtMost: 1.5 },
  livez: { atMost: 100 },
  descriptors: { atMost: 3 },
  'output inherit 100': { ratioAtLeast: 0.9 },
  'output inherit 4096': { ratioAtLeast: 0.9 },
  'output prefixed 100': { ratioAtLeast: 1 },
  'output prefixed 4096': { ratioAtLeast: 1 },
  orphans: { atMost: 0 },
  scrape: { ratioAtMost: 1.5 },
  'pause 1024': { atMost: 50 },
};

/** Whether ours meets it; null where there is nothing to compare with. */
export function judge(target, ours, floor) {
  if (target === undefined || ours === undefined) return null;
  if (target.atMost !== undefined) return ours <= target.atMost;
  if (floor === undefined) return null;
  if (target.moreAtMost !== undefined) return ours - floor <= target.moreAtMost;
  return target.ratioAtMost === undefined
    ? ours / floor >= target.ratioAtLeast
    : ours / floor <= target.ratioAtMost;
}

export function phrase(target) {
  const [[kind, value]] = Object.entries(target);
  return {
    ratioAtMost: `≤ ${value}×`,
    ratioAtLeast: `≥ ${value}×`,
    moreAtMost: `≤ floor + ${value}`,
    atMost: `≤ ${value}`,
  }[kind];
}
