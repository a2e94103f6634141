import { describe, expect, test } from '@jest/globals';

import { commandOf, expand } from '../../src/core/command.ts';
import type { CommandConfig } from '../../src/core/command.ts';

describe('$(NAME)', () => {
  const env = { NAME: 'value', EMPTY: '', 'odd(name': 'odd', constructor: 'mine' };

  test.each([
    ['plain', 'plain'],
    ['$(NAME)', 'value'],
    ['a$(NAME)b$(NAME)', 'avaluebvalue'],
    ['$(EMPTY)', ''],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$(toString)', '$(toString)'],
    ['$(constructor)', 'mine'],
    ['$(odd(name)', 'odd'],
    ['$()', '$()'],
    ['$$(NAME)', '$(NAME)'],
    ['$$$(NAME)', '$value'],
    ['$$$$(NAME)', '$$(NAME)'],
    ['$$', '$'],
    ['$NAME ${NAME}', '$NAME ${NAME}'],
    ['$(NAME', '$(NAME'],
    ['$', '$'],
    ['$($(NAME)', '$($(NAME)'],
  ])('%s becomes %s', (text, expected) => {
    expect(expand(text, env)).toBe(expected);
  });

  test('does not expand what an expansion brought', () => {
    expect(expand('$(A)', { A: '$(B)', B: 'b' })).toBe('$(B)');
  });
});

describe('the command of a worker', () => {
  const identity = { index: 2, count: 4, starts: 7 };
  const base: CommandConfig = { command: ['app'], args: [], env: {} };

  test('exec form: command, then args, with references expanded', () => {
    const config = {
      ...base,
      command: ['/bin/$(APP)', '--index=$(SUPERVISOR_WORKER_INDEX)'],
      args: ['$(SUPERVISOR_WORKER_COUNT)', '$$(APP)'],
    };
    expect(commandOf(config, { APP: 'app' }, identity)).toEqual({
      file: '/bin/app',
      args: ['--index=2', '4', '$(APP)'],
      env: {
        APP: 'app',
        SUPERVISOR_WORKER_INDEX: '2',
        SUPERVISOR_WORKER_COUNT: '4',
        SUPERVISOR_WORKER_STARTS: '7',
      },
      workingDir: null,
    });
  });

  test('shell form: /bin/sh -c, not expanded', () => {
    const command = commandOf({ ...base, command: 'echo $(APP) $APP' }, { APP: 'app' }, identity);
    expect(command).toMatchObject({ file: '/bin/sh', args: ['-c', 'echo $(APP) $APP'] });
  });

  test('env goes over what is inherited, and may refer to it and to the entries above', () => {
    const env = { PATH: '/opt:$(PATH)', A: '$(B)', B: 'b', C: '$(B)$(SUPERVISOR_WORKER_INDEX)' };
    expect(commandOf({ ...base, env }, { PATH: '/bin' }, identity).env).toMatchObject({
      PATH: '/opt:/bin',
      A: '$(B)',
      B: 'b',
      C: 'b2',
    });
  });

  test('portBase gives each its own PORT', () => {
    const config = { ...base, portBase: 8000, args: ['$(PORT)'] };
    const command = commandOf(config, {}, identity);
    expect(command.args).toEqual(['8002']);
    expect(command.env).toMatchObject({ PORT: '8002' });
  });

  test('without portBase an inherited PORT stays', () => {
    expect(commandOf(base, { PORT: '80' }, identity).env).toMatchObject({ PORT: '80' });
  });

  test('__proto__ is a name like any other', () => {
    const env = JSON.parse('{"__proto__": "x", "COPY": "$(__proto__)"}') as Record<string, string>;
    expect(Object.entries(commandOf({ ...base, env }, {}, identity).env)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'x'],
        ['COPY', 'x'],
      ]),
    );
  });

  test('workingDir is passed on', () => {
    expect(commandOf({ ...base, workingDir: '/srv' }, {}, identity).workingDir).toBe('/srv');
  });
});
