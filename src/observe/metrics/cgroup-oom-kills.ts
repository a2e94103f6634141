import { Counter } from './client.ts';
import type { Family } from './family.ts';

export const cgroupOomKills: Family = ({ registry, snapshot }) => {
  new Counter({
    name: 'supervisor_cgroup_oom_kills_total',
    help: 'How many processes of the container the kernel has killed for want of memory, by the cgroup’s count; absent where that cannot be read.',
    registers: [registry],
    collect() {
      const { oomKills } = snapshot();
      if (oomKills === null) {
        this.remove();
        return;
      }
      this.reset();
      this.inc(oomKills);
    },
  });
  return null;
};
