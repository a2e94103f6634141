import type { Effect } from './core/effect.ts';
import type { Input } from './core/input.ts';
import type { Operations } from './operations.ts';
import { GroupScan } from './pid1/group.ts';
import type { LateProbes } from './probes/late-probes.ts';
import type { WorkerProcesses } from './workers/processes.ts';

/** Who does what the core asks for. */
export interface EffectsOptions {
  readonly processes: WorkerProcesses;
  readonly operations: Operations;
  readonly probes: LateProbes;
  /** Reads the configuration once more. */
  readonly load: () => void;
  readonly put: (input: Input) => void;
}

/** Does what the core asks for, and decides nothing. */
export class Effects {
  readonly #options: EffectsOptions;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  perform(effects: readonly Effect[]): void {
    const scan = new GroupScan();
    for (const effect of effects) this.#perform(effect, scan);
  }

  #perform(effect: Effect, scan: GroupScan): void {
    const { processes, operations, probes, load, put } = this.#options;
    switch (effect.type) {
      case 'check-group': {
        const { worker, start, pid } = effect;
        put({ type: 'group-checked', worker, start, alive: scan.hasLiveMembers(pid) });
        break;
      }
      case 'spawn':
        processes.start(effect);
        break;
      case 'kill':
        processes.kill(effect);
        break;
      case 'probe':
      case 'cancel-probe':
        probes.perform(effect);
        break;
      case 'sample-memory':
        void sampleMemory(effect).then(put);
        break;
      case 'load':
        load();
        break;
      case 'answer':
        operations.answer(effect.id, effect.result);
        break;
    }
  }
}

/** What looks at it is loaded where somebody asks for it. */
async function sampleMemory({ groups }: Effect & { type: 'sample-memory' }): Promise<Input> {
  const { sampleMemory } = await import('./workers/group-memory.ts');
  return { type: 'memory-sampled', ...(await sampleMemory(groups)) };
}
