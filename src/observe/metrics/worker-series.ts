/**
 * Keeps the series of a metric with one value a worker: only what has changed since the scrape before is
 * written, and the series of a worker without a value goes.
 */
export function workerSeries<Value>(
  set: (worker: number, value: Value) => void,
  remove: (worker: number) => void,
): (values: Iterable<readonly [worker: number, value: Value | null]>) => void {
  const shown = new Map<number, Value>();
  return (values) => {
    const gone = new Set(shown.keys());
    for (const [worker, value] of values) {
      if (value === null) continue;
      gone.delete(worker);
      if (shown.get(worker) === value) continue;
      shown.set(worker, value);
      set(worker, value);
    }
    for (const worker of gone) {
      shown.delete(worker);
      remove(worker);
    }
  };
}
