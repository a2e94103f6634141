import { describe, expect, test } from '@jest/globals';

import { cpuLimit } from '../../src/system/cgroup.ts';
import type { ReadText } from '../../src/system/cgroup.ts';

const V2_MOUNT = '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const V1_MOUNT =
  '40 24 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n' +
  '41 24 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';

function files(content: Readonly<Record<string, string>>): ReadText {
  return (path) => content[path] ?? null;
}

describe('the CPU limit', () => {
  test.each<[string, Record<string, string>, number | null]>([
    [
      'v2, in a cgroup namespace',
      {
        '/proc/self/cgroup': '0::/\n',
        '/proc/self/mountinfo': V2_MOUNT,
        '/sys/fs/cgroup/cpu.max': '250000 100000\n',
      },
      2.5,
    ],
    [
      'v2, without a limit',
      {
        '/proc/self/cgroup': '0::/\n',
        '/proc/self/mountinfo': V2_MOUNT,
        '/sys/fs/cgroup/cpu.max': 'max 100000\n',
      },
      null,
    ],
    [
      'v2, the lowest of those above it counts',
      {
        '/proc/self/cgroup': '0::/pod/app\n',
        '/proc/self/mountinfo': V2_MOUNT,
        '/sys/fs/cgroup/pod/cpu.max': '150000 100000\n',
        '/sys/fs/cgroup/pod/app/cpu.max': '400000 100000\n',
      },
      1.5,
    ],
    [
      'v1, with the controllers of one hierarchy in either order',
      {
        '/proc/self/cgroup': '5:memory:/x\n4:cpuacct,cpu:/docker/abc\n',
        '/proc/self/mountinfo': V1_MOUNT,
        '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '300000\n',
        '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '100000\n',
      },
      3,
    ],
    [
      'v1, −1 is none',
      {
        '/proc/self/cgroup': '4:cpu,cpuacct:/\n',
        '/proc/self/mountinfo': V1_MOUNT,
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
      null,
    ],
    [
      'a container whose mount is a part of the host’s hierarchy',
      {
        '/proc/self/cgroup': '4:cpu,cpuacct:/kubepods/pod1/c1\n',
        '/proc/self/mountinfo':
          '40 24 0:30 /kubepods/pod1/c1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      0.5,
    ],
    ['nothing to be read', {}, null],
    [
      'nonsense',
      {
        '/proc/self/cgroup': '0::/\n',
        '/proc/self/mountinfo': V2_MOUNT,
        '/sys/fs/cgroup/cpu.max': 'a b c\n',
      },
      null,
    ],
  ])('%s', (_, content, limit) => {
    expect(cpuLimit(files(content))).toBe(limit);
  });
});
