/** As many workers as there may be: the maximum of `workers` in the schema. */
export const MOST_WORKERS = 10_000;

/** What an operator asks of a running supervisor. */
export type Operation =
  /** Another number of workers, 0 to 10,000; it holds until the configuration's own value changes. */
  | { readonly type: 'scale'; readonly workers: number }
  /** A rolling restart of one worker, or of all of them (null). */
  | { readonly type: 'restart'; readonly worker: number | null }
  /** Reads the configuration once more and applies what has changed. */
  | { readonly type: 'reload' }
  /** The ordered stop. */
  | { readonly type: 'stop' };

/** What has become of an operation. */
export interface OperationResult {
  /** `refused`: nothing has changed; `aborted`: it was begun, and did not come to its end. */
  readonly outcome: 'done' | 'refused' | 'aborted';
  /** One sentence. */
  readonly message: string;
}

/** An operation that an operator waits for. */
export interface PendingOperation {
  readonly id: number;
  /** What it has come to if all that it waits for comes true. */
  readonly message: string;
  readonly awaits: readonly ('scale' | 'rollout' | 'stop')[];
  /** Whose restart it waits for; null where that of nobody alone. */
  readonly worker: number | null;
}

/** An answer that has yet to be given. */
export interface Answer {
  readonly id: number;
  readonly result: OperationResult;
}
