// Nearly valid configurations: each is accepted and stays the same, or refused in words that name the file.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ConfigError } from '../../src/config/problem.ts';
import type { Problem } from '../../src/config/problem.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { validate } from '../../src/config/validate.ts';
import { CLI } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { file, nearlyValid, VALID } from './configurations.ts';
import type { Written } from './configurations.ts';
import { fuzz, inTime } from './fuzzing.ts';

const directory = workspace();

/** Characters of a message that somebody reads. */
const MOST_TEXT = 64 * 1024;

/** The names that every object has. */
const PROTOTYPE = Reflect.ownKeys(Object.prototype).join();

/** What is wrong with it; null for nothing. */
async function problemsOf({ name, content }: Written): Promise<readonly Problem[] | null> {
  writeFileSync(join(directory, name), content);
  const args = { flags: { config: name }, command: null };
  try {
    const { config } = await resolveConfig(args, {}, directory);
    const printed: unknown = JSON.parse(JSON.stringify(config));
    expect(validate(printed, (pointer) => ({ source: name, pointer }))).toEqual(config);
    return null;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, problems } = error;
    expect(message.startsWith(`${name}: `)).toBe(true);
    expect(message.length).toBeLessThan(MOST_TEXT);
    return problems;
  }
}

async function expectOutcome(written: Written): Promise<void> {
  await inTime(async () => {
    const problems = await problemsOf(written);
    for (const { source, expected, found } of problems ?? []) {
      expect(source).toBe(written.name);
      expect(expected).not.toBe('');
      // what parsers say has several lines; no line of anybody else has a terminal's commands
      expect(`${expected}${found}`).not.toMatch(/[^\P{Cc}\n\t]/u);
    }
  });
  expect(Reflect.ownKeys(Object.prototype).join()).toBe(PROTOTYPE);
}

fuzz('a file is accepted, or refused in words', file, expectOutcome);

fuzz('so is data that nobody has written down', nearlyValid, (data) => {
  try {
    const config = validate(data, (pointer) => ({ source: 'FILE', pointer }));
    expect(validate({ ...config }, (pointer) => ({ source: 'FILE', pointer }))).toEqual(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message.startsWith('FILE: ')).toBe(true);
  }
});

fuzz('the program says the same of it', file, async (written) => {
  const problems = await problemsOf(written);
  const options = { cwd: directory, encoding: 'utf8', timeout: 20_000 } as const;
  const env = { PATH: process.env['PATH'] };
  const args = [CLI, problems === null ? 'config' : 'check', '-c', written.name];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { ...options, env });
  if (problems === null) {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await problemsOf({ name: 'c.json', content: Buffer.from(stdout) })).toBe(null);
  } else {
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    // half a character cannot be written
    const message = Buffer.from(new ConfigError(problems).message).toString();
    expect(stderr).toBe(`${message}\n`);
  }
});

test('the valid ones are, and both outcomes are among the others', async () => {
  for (const data of VALID) {
    const content = Buffer.from(JSON.stringify(data));
    expect(await problemsOf({ name: 'c.json', content })).toBe(null);
  }
  const outcomes: boolean[] = [];
  for (const written of fc.sample(file, { numRuns: 300, seed: 1 })) {
    outcomes.push((await problemsOf(written)) === null);
  }
  expect(outcomes.filter((isValid) => isValid).length).toBeGreaterThan(30);
  expect(outcomes.filter((isValid) => !isValid).length).toBeGreaterThan(30);
});
