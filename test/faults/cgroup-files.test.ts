// What the kernel says of the container's limits is missing, unreadable or strange: it counts as no limit.
import { expect, test } from '@jest/globals';

import { Supervisor, worker } from '../helpers/supervisor.ts';
import { mounted } from '../helpers/surroundings.ts';
import { workspace } from '../helpers/workspace.ts';

/** A supervisor that finds these texts where the kernel tells of its cgroup, and these files in its directory. */
function inCgroup(
  texts: { readonly cgroup: string; readonly mountinfo: (directory: string) => string },
  files: Readonly<Record<string, string>>,
): Supervisor {
  const directory = workspace(files);
  const told = workspace({ cgroup: texts.cgroup, mountinfo: texts.mountinfo(directory) });
  return Supervisor.start(
    { workers: 'auto', command: worker('--die=SIGKILL', '--only=0'), reloadDelay: 60 },
    {
      prefix: mounted(
        `mount --bind ${told}/cgroup /proc/$$/cgroup
         mount --bind ${told}/mountinfo /proc/$$/mountinfo`,
      ),
    },
  );
}

const V2 = {
  cgroup: '0::/\n',
  mountinfo: (at: string): string => `30 24 0:26 / ${at} rw - cgroup2 cgroup2 rw\n`,
};
const V1 = {
  cgroup: '4:memory:/\n5:cpu,cpuacct:/\n',
  mountinfo: (at: string): string =>
    `41 24 0:31 / ${at} rw - cgroup cgroup rw,memory\n42 24 0:32 / ${at} rw - cgroup cgroup rw,cpu\n`,
};
const NONSENSE = {
  cgroup: '::::\n\n0\n7:memory',
  mountinfo: (): string => ' - \ngarbage\n1 2 - cgroup2',
};

test.each<[string, Parameters<typeof inCgroup>, unknown, unknown]>([
  // the first two show that it does read them
  [
    'v2 as it is',
    [V2, { 'memory.events': 'oom_kill 0\n', 'cpu.max': '300000 100000\n' }],
    'a CPU limit of 3',
    false,
  ],
  [
    'v1 as it is',
    [
      V1,
      {
        'memory.oom_control': 'oom_kill_disable 0\noom_kill 0\n',
        'cpu.cfs_quota_us': '300000\n',
        'cpu.cfs_period_us': '100000\n',
      },
    ],
    'a CPU limit of 3',
    false,
  ],
  ['v2 without its files', [V2, {}], expect.stringContaining('without a CPU limit'), undefined],
  ['v1 without its files', [V1, {}], expect.stringContaining('without a CPU limit'), undefined],
  [
    'v2 with directories in the place of files',
    [V2, { 'memory.events/x': '', 'cpu.max/x': '', 'memory.oom.group/x': '' }],
    expect.stringContaining('without a CPU limit'),
    undefined,
  ],
  [
    'v2 with strange contents',
    [V2, { 'memory.events': 'oom_kill many\n', 'cpu.max': '0 0\n', 'memory.oom.group': 'yes' }],
    expect.stringContaining('without a CPU limit'),
    undefined,
  ],
  [
    'v1 with strange contents',
    [
      V1,
      {
        'memory.oom_control': '\0\0',
        'cpu.cfs_quota_us': '-7',
        'cpu.cfs_period_us': 'x'.repeat(70_000),
      },
    ],
    expect.stringContaining('without a CPU limit'),
    undefined,
  ],
  ['nonsense', [NONSENSE, {}], expect.stringContaining('without a CPU limit'), undefined],
])('%s', async (_, cgroup, workersFrom, oomKilled) => {
  const supervisor = inCgroup(...cgroup);
  const [started] = await supervisor.logged(/^Started parent process/);
  expect(started?.['workersFrom']).toEqual(workersFrom);
  const [killed] = await supervisor.logged(/exited with code -9/);
  expect(killed?.['oomKilled']).toBe(oomKilled);
  expect((await supervisor.get('/metrics')).status).toBe(200);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.log.filter(({ level }) => level === 'warn')).toEqual([]);
});
