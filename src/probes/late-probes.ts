import type { Effect } from '../core/effect.ts';
import type { Probes, ProbesOptions } from './probes.ts';

/** The probes that are under way. What runs them is loaded with the first one. */
export class LateProbes {
  readonly #options: ProbesOptions;
  #loading: Promise<Probes> | undefined;
  #probes: Probes | undefined;

  constructor(options: ProbesOptions) {
    this.#options = options;
  }

  /** The leaders of the process groups of those that are processes. */
  get pids(): readonly number[] {
    return this.#probes?.pids ?? [];
  }

  /** Begins a probe or ends it, each after the one before. */
  perform(effect: Effect & { type: 'probe' | 'cancel-probe' }): void {
    this.#loading ??= this.#load();
    void this.#loading.then((probes) => {
      if (effect.type === 'probe') probes.run(effect);
      else probes.cancel(effect);
    });
  }

  /** Ends all of them. */
  end(): void {
    this.#probes?.end();
  }

  async #load(): Promise<Probes> {
    const { Probes } = await import('./probes.ts');
    return (this.#probes = new Probes(this.#options));
  }
}
