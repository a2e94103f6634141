/** As many workers as there may be: the maximum of `workers` in the schema. */
export const MOST_WORKERS = 10_000;

/** What an operator asks of a running supervisor. */
export type Operation =
  | { readonly type: 'scale'; readonly workers: number }
  /** A rolling restart of one worker, or of all of them (null). */
  | { readonly type: 'restart'; readonly worker: number | null }
  | { readonly type: 'reload' }
  | { readonly type: 'stop' };

/** What has become of it. */
export interface OperationResult {
  readonly outcome: 'done' | 'refused' | 'aborted';
  /** One sentence. */
  readonly message: string;
}
