import type { Probe } from '../config/generated.ts';
import type { Environment } from '../core/command.ts';
import type { Effect } from '../core/effect.ts';
import type { Input } from '../core/input.ts';
import { probeActionOf } from './action.ts';
import type { Impossible, ProbeAction } from './action.ts';
import { probeExec } from './exec.ts';
import type { ExecPlace } from './exec.ts';
import { probeHttp } from './http.ts';
import { later, unknown } from './outcome.ts';
import type { Done, End } from './outcome.ts';
import { probeTcp } from './tcp.ts';

/** Which probe of which process. */
type Which = Pick<Effect & { type: 'probe' }, 'worker' | 'start' | 'probe'>;

export interface ProbesOptions {
  /** Takes what a probe has come to, never before `run` has returned. */
  readonly put: (input: Input & { type: 'probed' }) => void;
  /** What the process of that start was given, or null where it is gone; `env` is read only if needed. */
  readonly processOf: (worker: number, start: number) => ExecPlace | null;
}

/** For what has no reference in it. */
const NO_VARIABLES: Environment = {};

/** Runs the probes that the core asks for, and decides nothing: not even how long one may take. */
export class Probes {
  readonly #options: ProbesOptions;
  readonly #underWay = new Map<string, End>();
  readonly #leaders = new Set<number>();

  constructor(options: ProbesOptions) {
    this.#options = options;
  }

  /** The leaders of the process groups of commands that are alive. */
  get pids(): readonly number[] {
    return [...this.#leaders];
  }

  /** Begins a probe, in the place of the same one if that is still under way. */
  run(effect: Effect & { type: 'probe' }): void {
    const { worker, start, probe, attempt, check } = effect;
    this.cancel(effect);
    const place = this.#options.processOf(worker, start);
    if (place === null) return;
    const key = keyOf(effect);
    const end = this.#begin(actionOf(check, place), place, ({ result, message }) => {
      this.#underWay.delete(key);
      this.#options.put({ type: 'probed', worker, start, probe, attempt, result, message });
    });
    this.#underWay.set(key, end);
  }

  /** Ends the probe, if it is under way, without a word. */
  cancel(which: Which): void {
    const key = keyOf(which);
    this.#underWay.get(key)?.();
    this.#underWay.delete(key);
  }

  /** Ends everything that is under way, without a word. */
  end(): void {
    for (const end of this.#underWay.values()) end();
    this.#underWay.clear();
  }

  #begin(action: ProbeAction | Impossible, place: ExecPlace, done: Done): End {
    switch (action.type) {
      case 'exec':
        return probeExec(action, place, this.#leaders, done);
      case 'httpGet':
        return probeHttp(action, done);
      case 'tcpSocket':
        return probeTcp(action, done);
      case 'impossible':
        return later(unknown(action.message), done);
    }
  }
}

/** Most probes have no reference in them, and an environment takes longer to make than they do. */
function actionOf(check: Probe, place: ExecPlace): ProbeAction | Impossible {
  const refers = JSON.stringify(check).includes('$(');
  return probeActionOf(check, refers ? place.env : NO_VARIABLES);
}

function keyOf({ worker, start, probe }: Which): string {
  return `${worker}/${start}/${probe}`;
}
