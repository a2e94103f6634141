import { describe, expect, test } from '@jest/globals';

import { memoryCgroup } from '../../src/system/cgroup.ts';
import type { MemoryCgroup, ReadText } from '../../src/system/cgroup.ts';
import { memoryNotices } from '../../src/memory-notices.ts';

const V2: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '0::/\n',
  '/proc/self/mountinfo': '30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  '/sys/fs/cgroup/memory.events': 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n',
  '/sys/fs/cgroup/memory.oom.group': '1\n',
};
const V1: Readonly<Record<string, string>> = {
  '/proc/self/cgroup': '4:memory:/pod/app\n0::/\n',
  '/proc/self/mountinfo': '41 24 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
  '/sys/fs/cgroup/memory/pod/app/memory.oom_control':
    'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n',
};

const from =
  (files: Readonly<Record<string, string>>): ReadText =>
  (path) =>
    files[path] ?? null;

describe('the memory cgroup', () => {
  test('v2', () => {
    const cgroup = memoryCgroup(from(V2));
    expect(cgroup?.oomKills()).toBe(3);
    expect(cgroup?.killsWholeGroup()).toBe(true);
  });

  test('v2 without memory.oom.group', () => {
    const files = { ...V2, '/sys/fs/cgroup/memory.oom.group': '0\n' };
    expect(memoryCgroup(from(files))?.killsWholeGroup()).toBe(false);
  });

  test('v1: its own, not the one above', () => {
    const cgroup = memoryCgroup(from(V1));
    expect(cgroup?.oomKills()).toBe(4);
    expect(cgroup?.killsWholeGroup()).toBe(false);
  });

  test.each<[string, Readonly<Record<string, string>>, Record<string, string>, number | null]>([
    ['v2', V2, { '/sys/fs/cgroup/memory.max': '1048576\n' }, 2 ** 20],
    ['v2 without one', V2, { '/sys/fs/cgroup/memory.max': 'max\n' }, null],
    ['v2 where it cannot be seen', V2, {}, null],
    [
      'v1, above it',
      V1,
      {
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
        '/sys/fs/cgroup/memory/pod/memory.limit_in_bytes': '4096\n',
        '/sys/fs/cgroup/memory/pod/app/memory.limit_in_bytes': '8192\n',
      },
      4096,
    ],
    [
      'v1 without one',
      V1,
      { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' },
      null,
    ],
  ])('the limit: %s', (_, files, more, limit) => {
    expect(memoryCgroup(from({ ...files, ...more }))?.limit()).toBe(limit);
  });

  test('none, or one that does not count', () => {
    expect(memoryCgroup(from({}))).toBeNull();
    const old = {
      ...V1,
      '/sys/fs/cgroup/memory/pod/app/memory.oom_control': 'oom_kill_disable 0\n',
    };
    expect(memoryCgroup(from(old))).toBeNull();
  });
});

describe('what an operator is told at start', () => {
  const group = (kills: boolean, limit: number | null = null): MemoryCgroup => ({
    oomKills: () => 0,
    killsWholeGroup: () => kills,
    limit: () => limit,
  });

  test.each([
    [500, 0, []],
    [500, 500, []],
    [500, 501, [/only 499 above the supervisor's own \(501\).*request more memory/]],
    [500, 1000, [/only 0 above/]],
    [0, 1000, []],
    [false, 1000, []],
    [500, null, [/^oomScoreAdj has no effect, because \/proc cannot be read; mount it/]],
    [false, null, []],
  ] as const)('oomScoreAdj %p, own %p', (oomScore, own, expected) => {
    const notices = memoryNotices({ oomScoreAdj: oomScore }, 1, group(false), own);
    expect(notices).toEqual(expected.map((each) => expect.stringMatching(each) as unknown));
  });

  test('memory.oom.group', () => {
    expect(memoryNotices({ oomScoreAdj: 500 }, 1, group(true), 0)).toEqual([
      expect.stringMatching(/memory\.oom\.group is set: .* singleProcessOOMKill/),
    ]);
  });

  test.each([
    ['100Mi', 8, 800, []],
    [
      '101Mi',
      8,
      800,
      [/lets 8 workers have 808 MiB together, and the container's limit is 800 MiB: .*lower/],
    ],
    ['1Gi', 8, null, []],
    [undefined, 8, 800, []],
  ])(
    'maxMemory %p of %i workers under a limit of %p MiB',
    (maxMemory, workers, limit, expected) => {
      const recycle = { jitter: 0, ...(maxMemory === undefined ? {} : { maxMemory }) };
      const cgroup = group(false, limit === null ? null : limit * 2 ** 20);
      const notices = memoryNotices({ oomScoreAdj: 500, recycle }, workers, cgroup, 0);
      expect(notices).toEqual(expected.map((each) => expect.stringMatching(each) as unknown));
    },
  );
});
