// docs/api.md: how to use the library, and its exports as their types and comments describe them.
import ts from 'typescript';

import { libraryTypes } from './library-types.mjs';

const INTRODUCTION = `<!-- Generated from the types of src/index.ts by \`npm run generate\`; do not edit. -->

# The library

\`Multiprocess\` is the supervisor without its command line, its HTTP server and its control socket. The package is an
ES module; \`require\` works where Node.js has it for ES modules (20.19, 22.12 and later). Its types need no other
package.

## Run it

\`\`\`js
import { Multiprocess } from 'container-supervisor';

const supervisor = new Multiprocess({ workers: 4, command: ['node', 'worker.js'] });
await supervisor.run(); // until a signal, or supervisor.shouldExit.set()
process.exitCode = supervisor.exitStatus;
\`\`\`

## Watch it

An observer is told of every event. It takes the place of the log, and cannot steer: what it throws is a warning.

\`\`\`js
import { Multiprocess } from 'container-supervisor';

const observer = (event) => {
  if (event.type === 'worker-exited') {
    const { worker, exit, restart } = event;
    console.log(\`worker \${worker}: \${exit.reason}, \${restart ? 'replaced' : 'not replaced'}\`);
  }
};
const config = { command: ['sh', '-c', 'exit 3'], restart: { policy: 'Never' } };
const supervisor = new Multiprocess(config, { observers: [observer] });
await supervisor.run();
console.log(\`exit status \${supervisor.exitStatus}\`);
\`\`\`

\`\`\`
worker 0: exit, not replaced
exit status 3
\`\`\`

## Operate it

What the commands \`scale\`, \`restart\` and \`stop\` ask for over the control socket, a program asks for itself.

\`\`\`js
import { Multiprocess } from 'container-supervisor';

const supervisor = new Multiprocess({ workers: 2, command: ['sleep', '1000'] });
const ended = supervisor.run();
console.log((await supervisor.operate({ type: 'scale', workers: 3 })).message);
console.log(supervisor.processes.length);
console.log((await supervisor.operate({ type: 'stop' })).message);
await ended;
\`\`\`

\`\`\`
scaled from 2 to 3 workers
3
stopped
\`\`\`

## Override it

The loop calls \`startup\`, then, whenever a worker is missing, \`shouldRestart\` and \`restart\` (which \`startup\` calls for
the first starts, too), then \`shutdown\`. A subclass that declines is asked again after \`reloadDelay\`.

\`\`\`js
import { Multiprocess } from 'container-supervisor';

class Patient extends Multiprocess {
  refusals = 0;

  shouldRestart() {
    if (!super.shouldRestart()) return false;
    if (this.refusals === 2) return true;
    this.refusals += 1;
    return false;
  }
}

const observer = (event) => {
  if (event.type !== 'worker-started' || event.start === 1) return;
  console.log(\`restarted after \${patient.refusals} refusals\`);
  patient.shouldExit.set();
};
const config = { command: ['sh', '-c', 'exit 3'], reloadDelay: 0.05 };
const patient = new Patient(config, { observers: [observer] });
await patient.run();
\`\`\`

\`\`\`
restarted after 2 refusals
\`\`\`
`;

/** What the reference of the configuration describes. */
const CONFIGURATION = {
  UserConfig:
    'A configuration as it is written, with what [configuration.md](configuration.md) says.',
  Config:
    'The same once it is validated: every key that has a default is there, and nothing can be changed.',
  UserProbe: 'A [probe](configuration.md#probes) as it is written.',
  Probe: 'The same with its defaults.',
  Signal: 'The name of a signal of Linux, such as `SIGTERM`.',
};

/** What is looked up first; the rest follows by its name. */
const FIRST = ['Multiprocess', 'MultiprocessOptions', 'Observer', 'Event'];

/** @returns Markdown */
export async function apiReference() {
  const text = await libraryTypes();
  const source = ts.createSourceFile('index.d.ts', text, ts.ScriptTarget.Latest, true);
  const exported = source.statements.flatMap(exportedNames).toSorted();
  const names = [...new Set([...FIRST, ...exported])];
  const sections = names.map((name) => sectionOf(declarationOf(source, name)));
  return [INTRODUCTION, '## Reference', ...sections].join('\n');
}

function exportedNames(statement) {
  const { exportClause } = statement;
  return exportClause === undefined ? [] : exportClause.elements.map(({ name }) => name.text);
}

function declarationOf(source, name) {
  return source.statements.find((statement) => statement.name?.text === name);
}

function sectionOf(declaration) {
  const name = declaration.name.text;
  const [comment] = ts.getJSDocCommentsAndTags(declaration);
  const heading = `### ${name}\n`;
  if (comment === undefined && !(name in CONFIGURATION)) throw new Error(`${name}: no comment`);
  if (name in CONFIGURATION) return `${heading}\n${CONFIGURATION[name]}\n`;
  const code = declaration
    .getText()
    .replace(/^declare /, '')
    .replace(/^ *#private;\n/gm, '');
  return `${heading}\n${proseOf(comment)}\n\n\`\`\`ts\n${code}\n\`\`\`\n`;
}

/** The text of a comment, with its examples behind it. */
function proseOf(comment) {
  return comment
    .getText()
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^ *\* ?/gm, '')
    .replace(/^@example$/m, '')
    .trim();
}
