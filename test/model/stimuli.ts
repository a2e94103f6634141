import fc from 'fast-check';

import type { Reference } from './reference.ts';

/** What a supervisor of the model is configured with; the rest is the same for all. */
export interface Setup {
  readonly workers: number;
  readonly policy: 'Always' | 'OnFailure' | 'Never';
  readonly successExitCodes: readonly number[];
  readonly fatalExitCodes: readonly number[];
  /** Restarts that it may have in all. */
  readonly limit: number | null;
  readonly order: 'sequential' | 'parallel';
  readonly killMode: 'mixed' | 'control-group';
  readonly maxSurge: 0 | 1;
  readonly backoff: boolean;
}

/** Something that happens to the supervisor or to a worker. A worker is meant by its place among those that run. */
export type Stimulus =
  | { readonly type: 'exit'; readonly place: number; readonly code: number }
  | { readonly type: 'kill'; readonly place: number; readonly signal: NodeJS.Signals }
  | { readonly type: 'halt'; readonly place: number }
  | { readonly type: 'scale'; readonly workers: number }
  | { readonly type: 'signal'; readonly signal: (typeof SENT)[number] }
  | { readonly type: 'edit'; readonly edit: Edit; readonly bySignal: boolean }
  | { readonly type: 'restart'; readonly place: number | null }
  | { readonly type: 'request'; readonly method: string; readonly path: string }
  /** The supervisor is halted for the rest of the batch. */
  | { readonly type: 'stall' };

type Edit =
  | { readonly change: 'workers'; readonly workers: number }
  | { readonly change: 'env' | 'broken' | 'nothing' };

/** All at once: nothing is waited for between one and the next. */
export type Batch = readonly Stimulus[];

/** Those that end a process which does not catch them, and whose end Node can tell. */
const FATAL = [
  ...([
    'SIGKILL',
    'SIGTERM',
    'SIGINT',
    'SIGQUIT',
    'SIGHUP',
    'SIGABRT',
    'SIGSEGV',
    'SIGBUS',
  ] as const),
  ...([
    'SIGFPE',
    'SIGILL',
    'SIGTRAP',
    'SIGALRM',
    'SIGPIPE',
    'SIGSYS',
    'SIGXCPU',
    'SIGXFSZ',
  ] as const),
  ...(['SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const),
];

/** To the supervisor; SIGWINCH is one that it forwards, and which does not end who does not catch it yet. */
const SENT = ['SIGTTIN', 'SIGTTOU', 'SIGWINCH', 'SIGCONT', 'SIGCHLD'] as const;

const PATHS = ['/metrics', '/livez', '/healthz', '/readyz', '/status', '/', '/nothing'];

const place = fc.nat({ max: 7 });
const count = fc.integer({ min: 0, max: 6 });
/** 0 to 255, and those that a set-up may have a rule for more often. */
const code = fc.oneof(fc.constantFrom(0, 3, 70), fc.integer({ min: 0, max: 255 }));

export const setups: fc.Arbitrary<Setup> = fc.record({
  workers: fc.integer({ min: 0, max: 5 }),
  policy: fc.constantFrom(
    'Always' as const,
    'Always' as const,
    'OnFailure' as const,
    'Never' as const,
  ),
  successExitCodes: fc.constantFrom([0], [0, 3], [0, 143], []),
  fatalExitCodes: fc.constantFrom([], [], [70]),
  limit: fc.constantFrom(null, null, 0, 3),
  order: fc.constantFrom('sequential' as const, 'parallel' as const),
  killMode: fc.constantFrom('mixed' as const, 'control-group' as const),
  maxSurge: fc.constantFrom(0 as const, 1 as const),
  backoff: fc.boolean(),
});

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ change: fc.constant('workers' as const), workers: count }),
  fc.record({ change: fc.constantFrom('env' as const, 'broken' as const, 'nothing' as const) }),
);

const stimulus: fc.Arbitrary<Stimulus> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('exit' as const), place, code }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('kill' as const),
      place,
      signal: fc.constantFrom(...FATAL),
    }),
  },
  fc.record({ type: fc.constant('halt' as const), place }),
  fc.record({ type: fc.constant('scale' as const), workers: count }),
  fc.record({ type: fc.constant('signal' as const), signal: fc.constantFrom(...SENT) }),
  fc.record({ type: fc.constant('edit' as const), edit, bySignal: fc.boolean() }),
  fc.record({ type: fc.constant('restart' as const), place: fc.option(place) }),
  fc.record({
    type: fc.constant('request' as const),
    method: fc.constantFrom('GET', 'HEAD', 'POST'),
    path: fc.constantFrom(...PATHS),
  }),
  fc.record({ type: fc.constant('stall' as const) }),
);

export const batches: fc.Arbitrary<Batch> = fc.array(stimulus, { minLength: 1, maxLength: 6 });

/**
 * The batch without what would make its outcome a matter of timing that the reference does not know: a second end
 * of one worker, a second change of the count, and, where an end may stop more than its worker, changes beside ends.
 */
export function decidable(batch: Batch, reference: Reference, setup: Setup): Batch {
  const seen = new Set<string>();
  const distinct = batch.filter((each) => {
    const subjects = subjectsOf(each, reference);
    if (subjects.some((subject) => seen.has(subject))) return false;
    for (const subject of subjects) seen.add(subject);
    return true;
  });
  const ends = distinct.filter(({ type }) => type === 'exit' || type === 'kill');
  const isLocal =
    setup.policy === 'Always' &&
    setup.limit === null &&
    !ends.some((each) => each.type === 'exit' && setup.fatalExitCodes.includes(each.code));
  return ends.length === 0 || isLocal ? distinct : distinct.filter((each) => !isOperation(each));
}

/** What only one stimulus of a batch may be about. */
function subjectsOf(stimulus: Stimulus, reference: Reference): readonly string[] {
  switch (stimulus.type) {
    case 'exit':
    case 'kill':
      return [`end of ${String(reference.at(stimulus.place))}`];
    case 'scale':
      return ['count'];
    case 'signal':
      // the kernel throws away a pending SIGTTIN or SIGTTOU with SIGCONT (POSIX, signal generation)
      if (stimulus.signal === 'SIGCONT') return ['going on'];
      return stimulus.signal.startsWith('SIGTT') ? ['count', 'going on'] : [stimulus.signal];
    case 'edit':
      return stimulus.edit.change === 'workers' ? ['count', 'edit'] : ['edit'];
    case 'restart':
      return ['edit'];
    case 'stall':
      return ['going on'];
    case 'halt':
    case 'request':
      return [];
  }
}

function isOperation({ type, ...stimulus }: Stimulus): boolean {
  if (type === 'signal') return 'signal' in stimulus && stimulus.signal.startsWith('SIGTT');
  return type === 'scale' || type === 'edit' || type === 'restart';
}
