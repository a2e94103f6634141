import { describe, expect, test } from '@jest/globals';

import { memoryCgroup } from '../../src/cgroup.ts';
import type { MemoryCgroup, ReadText } from '../../src/cgroup.ts';
import { memoryNotices } from '../../src/pid1/memory.ts';

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
  const group = (kills: boolean): MemoryCgroup => ({
    oomKills: () => 0,
    killsWholeGroup: () => kills,
  });

  test.each([
    [500, 0, []],
    [500, 500, []],
    [500, 501, [/only 499 above the supervisor's own \(501\).*request more memory/]],
    [500, 1000, [/only 0 above/]],
    [0, 1000, []],
    [false, 1000, []],
    [500, null, []],
  ] as const)('oomScoreAdj %p, own %p', (oomScore, own, expected) => {
    const notices = memoryNotices(oomScore, group(false), own);
    expect(notices).toEqual(expected.map((each) => expect.stringMatching(each) as unknown));
  });

  test('memory.oom.group', () => {
    expect(memoryNotices(500, group(true), 0)).toEqual([
      expect.stringMatching(/memory\.oom\.group is set: .* singleProcessOOMKill/),
    ]);
  });
});
