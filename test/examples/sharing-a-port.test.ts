import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Page } from '../helpers/page.ts';
import { ROOT } from '../helpers/program.ts';
import type { Program } from '../helpers/program.ts';
import { Terminals } from '../helpers/terminals.ts';
import { workspace } from '../helpers/workspace.ts';

const PAGE = new Page('docs/sharing-a-port.md');
const FOLDER = 'examples/sharing-a-port';

interface Example {
  readonly name: string;
  readonly heading: string;
  /** Whether somebody is in front who tries the next where one does not answer. */
  readonly hasProxy: boolean;
}

const EXAMPLES: readonly Example[] = [
  { name: 'reuse-port', heading: 'One port: `SO_REUSEPORT`', hasProxy: false },
  { name: 'reuse-port-python', heading: 'One port: `SO_REUSEPORT`', hasProxy: false },
  { name: 'port-each', heading: 'A port each: `portBase`', hasProxy: true },
  { name: 'socket-each', heading: 'A socket each', hasProxy: true },
];

/** A clone, as far as the commands need it, with a Node.js that has `reusePort`. */
async function open(): Promise<Terminals> {
  const cwd = workspace();
  // the proxy's processes are of another user
  chmodSync(cwd, 0o755);
  cpSync(join(ROOT, FOLDER), join(cwd, FOLDER), { recursive: true });
  symlinkSync(join(ROOT, 'dist'), join(cwd, 'dist'));
  return Terminals.open(cwd, `${ROOT}test/node/node_modules/node-24/bin`);
}

/** Asks so many times, each time by a new connection, and counts who has answered. */
async function answers(terminals: Terminals, times: number): Promise<ReadonlyMap<string, number>> {
  const ask = 'curl -sf --max-time 5 http://localhost:8000/ || echo nobody';
  const said = await terminals.run(`for i in $(seq ${times}); do ${ask}; done`);
  const counts = new Map<string, number>();
  for (const line of said.trim().split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

async function everybodyAnswers(terminals: Terminals): Promise<void> {
  await eventually(async () => {
    const counts = await answers(terminals, 40);
    expect([...counts.keys()].sort()).toEqual(['worker 0', 'worker 1', 'worker 2', 'worker 3']);
  });
}

function startsOf(supervisor: Program, worker: number): number {
  return [...supervisor.stderr.matchAll(/"Started child process \[\d+\]","worker":(\d)/g)].filter(
    ([, index]) => Number(index) === worker,
  ).length;
}

describe.each(EXAMPLES)('$name', ({ name, heading, hasProxy }) => {
  const example = (file: string): string => readFileSync(join(ROOT, FOLDER, name, file), 'utf8');
  const files = ['nginx.conf', 'server.py'].filter((file) =>
    existsSync(join(ROOT, FOLDER, name, file)),
  );

  test('is what the page shows', () => {
    const { $schema, ...config } = JSON.parse(example('supervisor.config.json')) as Record<
      string,
      unknown
    >;
    expect($schema).toBe('../../../schemas/supervisor.schema.json');
    const shown = PAGE.blocks('json', heading).map((block) => JSON.parse(block) as unknown);
    expect(shown).toContainEqual(config);
    for (const file of files) {
      const language = file === 'nginx.conf' ? 'nginx' : 'python';
      expect(PAGE.block(language, heading)).toBe(example(file));
    }
  });

  test('serves one port with all workers, and goes on where one is killed', async () => {
    const terminals = await open();
    const commands = PAGE.blocks('sh', heading).flatMap((block) => block.trim().split('\n'));
    const mine = commands.filter((command) => command.includes(`/${name} `));
    expect(mine).toHaveLength(hasProxy ? 2 : 1);
    const [supervisor] = mine.map((command) => terminals.start(`sh -c '${command}'`));
    await everybodyAnswers(terminals);
    const asking = answers(terminals, 300);
    await terminals.run('kill -9 $(pgrep -o -f "server.(js|py)")');
    const counts = await asking;
    if (hasProxy) expect([...counts.keys()]).not.toContain('nobody');
    await eventually(() => {
      expect(startsOf(supervisor!, 0)).toBe(2);
    });
    await everybodyAnswers(terminals);
    await terminals.run('pkill -TERM -f "^node .*dist/cli.cjs"');
    expect((await supervisor!.ended).code).toBe(0);
    expect(supervisor!.stderr).not.toContain('"Killing child process');
  }, 90_000);
});

test('the page shows the server of the three', () => {
  expect(PAGE.block('js', 'The server')).toBe(
    readFileSync(join(ROOT, FOLDER, 'server.js'), 'utf8'),
  );
});
