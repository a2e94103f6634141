import { constants } from 'node:os';

import type { Batch, Setup, Stimulus } from './stimuli.ts';

/** How a worker of the model ends by itself, as the log says it: a code, or −N after signal N. */
export interface Fate {
  readonly exitCode: number;
  readonly reason: 'exit' | 'signal';
}

/** What becomes of a slot in one batch. */
export interface Expected {
  readonly index: number;
  /** Null where nobody ends it but the supervisor. */
  readonly fate: Fate | null;
  /** The supervisor asks it to stop, to replace it or because it is not wanted any more. */
  readonly asked: readonly ('rollout' | 'stopped')[];
  readonly halted: boolean;
  /** Whether a process runs there afterwards. */
  readonly runs: boolean;
}

/** What the whole comes to. */
export interface Prospect {
  /** The slots whose processes run at the begin or at the end. */
  readonly slots: readonly Expected[];
  /** Null while it goes on; else the exit statuses that it may have. */
  readonly statuses: readonly number[] | null;
  /** Whether somebody who was started in it may have been replaced in it. */
  readonly rolls: boolean;
  /** Whether every worker gets a forwarded signal. */
  readonly forwards: boolean;
}

type SlotState = 'running' | 'completed';

/** The specification in a few lines: what a supervisor is left with after a batch, whatever the order in it. */
export class Reference {
  readonly #setup: Setup;
  #slots: SlotState[];
  #desired: number;
  #inFile: number;
  /** Of the file's env: what workers carry. */
  version = 0;
  /** Those that count against the limit. */
  #restarts = 0;
  #failures: readonly number[] | null = null;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#desired = setup.workers;
    this.#inFile = setup.workers;
    this.#slots = Array.from({ length: setup.workers }, () => 'running');
  }

  get desired(): number {
    return this.#desired;
  }

  /** The indices of the workers that run. */
  get running(): readonly number[] {
    return this.#slots.flatMap((state, index) => (state === 'running' ? [index] : []));
  }

  /** The index of the worker at a place among those that run; null if none does. */
  at(place: number): number | null {
    const { running } = this;
    return running[place % running.length] ?? null;
  }

  /** What comes of a decidable batch; the reference is what is left then. */
  after(batch: Batch): Prospect {
    const before = this.running;
    const fates = this.#fates(batch);
    const rolled = this.#rolled(batch);
    const halted = new Set(
      batch.flatMap((each) => (each.type === 'halt' ? [this.at(each.place)] : [])),
    );
    for (const each of batch) this.#operate(each);
    const statuses = this.#endings(fates);
    const indices = [...new Set([...before, ...this.running])].sort((a, b) => a - b);
    return {
      statuses,
      rolls: batch.some(isRoll),
      forwards: batch.some((each) => each.type === 'signal' && each.signal === 'SIGWINCH'),
      slots: indices.map((index) => ({
        index,
        fate: fates.get(index) ?? null,
        asked: [
          ...(rolled.has(index) ? (['rollout'] as const) : []),
          ...(index >= this.#desired || statuses !== null ? (['stopped'] as const) : []),
        ],
        halted: halted.has(index),
        runs: statuses === null && this.#slots[index] === 'running',
      })),
    };
  }

  #fates(batch: Batch): Map<number, Fate> {
    const fates = new Map<number, Fate>();
    for (const each of batch) {
      if (each.type !== 'exit' && each.type !== 'kill') continue;
      const index = this.at(each.place);
      if (index !== null) fates.set(index, fateOf(each));
    }
    return fates;
  }

  #rolled(batch: Batch): Set<number> {
    const rolled = new Set<number>();
    for (const each of batch) {
      if (each.type === 'edit' && each.edit.change === 'env')
        this.running.forEach((index) => rolled.add(index));
      if (each.type !== 'restart') continue;
      const one = each.place === null ? null : this.at(each.place);
      if (each.place === null) this.running.forEach((index) => rolled.add(index));
      if (one !== null) rolled.add(one);
    }
    return rolled;
  }

  #operate(stimulus: Stimulus): void {
    switch (stimulus.type) {
      case 'scale':
        this.#scale(stimulus.workers);
        return;
      case 'signal':
        if (stimulus.signal === 'SIGTTIN') this.#scale(this.#desired + 1);
        // the last one is not taken away by a signal
        if (stimulus.signal === 'SIGTTOU')
          this.#scale(Math.max(Math.min(1, this.#desired), this.#desired - 1));
        return;
      case 'edit':
        if (stimulus.edit.change === 'env') this.version += 1;
        if (stimulus.edit.change !== 'workers') return;
        if (stimulus.edit.workers !== this.#inFile) this.#scale(stimulus.edit.workers);
        this.#inFile = stimulus.edit.workers;
        return;
      default:
    }
  }

  #scale(desired: number): void {
    this.#slots = Array.from({ length: desired }, (_, index) => this.#slots[index] ?? 'running');
    this.#desired = desired;
  }

  /** Lets the policy judge who ended; returns the statuses with which the supervisor may end for it. */
  #endings(fates: ReadonlyMap<number, Fate>): readonly number[] | null {
    const codes = [...fates.values()].map(containerCode);
    const fatal = codes.filter((code) => this.#setup.fatalExitCodes.includes(code));
    for (const [index, fate] of fates) {
      if (index >= this.#desired) continue;
      if (this.#completes(fate)) this.#slots[index] = 'completed';
      else this.#restarts += 1;
    }
    const { limit } = this.#setup;
    const isOver = limit !== null && this.#restarts > limit;
    const statuses = [...fatal, ...(isOver ? codes.map((code) => this.#statusOf(code)) : [])];
    return statuses.length > 0 ? statuses : this.#completion(codes);
  }

  #completion(codes: readonly number[]): readonly number[] | null {
    const failed =
      this.#setup.policy === 'Never' ? codes.filter((code) => !this.#isSuccess(code)) : [];
    if (failed.length > 0) this.#failures ??= failed.map((code) => this.#statusOf(code));
    const isOver = this.#desired > 0 && this.#slots.every((state) => state === 'completed');
    return isOver ? (this.#failures ?? [0]) : null;
  }

  #completes(fate: Fate): boolean {
    const { policy } = this.#setup;
    return policy === 'Never' || (policy === 'OnFailure' && this.#isSuccess(containerCode(fate)));
  }

  #isSuccess(code: number): boolean {
    return this.#setup.successExitCodes.includes(code);
  }

  /** Of a supervisor that gives up: a failure's own code, else 1. */
  #statusOf(code: number): number {
    return code === 0 || this.#isSuccess(code) ? 1 : code;
  }
}

function isRoll(stimulus: Stimulus): boolean {
  return (
    stimulus.type === 'restart' || (stimulus.type === 'edit' && stimulus.edit.change === 'env')
  );
}

function fateOf(stimulus: Stimulus & { type: 'exit' | 'kill' }): Fate {
  return stimulus.type === 'exit'
    ? { exitCode: stimulus.code, reason: 'exit' }
    : { exitCode: -constants.signals[stimulus.signal], reason: 'signal' };
}

/** As a container runtime reports it. */
export function containerCode({ exitCode }: Pick<Fate, 'exitCode'>): number {
  return exitCode < 0 ? 128 - exitCode : exitCode;
}
