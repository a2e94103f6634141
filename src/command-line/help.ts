import { OVERRIDES } from '../config/overrides.ts';

const USAGE = `Usage:
  container-supervisor [run] [-c FILE] [overrides] [-- COMMAND ARG…]
  container-supervisor check [-c FILE] [overrides] [-- COMMAND ARG…]
  container-supervisor config [-c FILE] [--show-env] [overrides] [-- COMMAND ARG…]
  container-supervisor schema
  container-supervisor status [--json] [-c FILE] [--socket PATH]
  container-supervisor scale N [--no-wait] [-c FILE] [--socket PATH]
  container-supervisor restart [INDEX] [--no-wait] [-c FILE] [--socket PATH]
  container-supervisor reload | stop [--no-wait] [-c FILE] [--socket PATH]

Runs copies of a command, replaces the dead ones, stops them in order, and exports
Prometheus metrics of restarts and exit codes.

  run      start the workers and supervise them (the default)
  check    validate the configuration: print "FILE: ok", or every problem and exit with 2
  config   print the merged, validated configuration as JSON, env values masked
  schema   print the JSON Schema of the configuration

Of a running supervisor, on its control socket:
  status   print how it and its workers stand
  scale    have N workers run
  restart  replace the worker with that index, or all of them as a rollout
  reload   read the configuration again and apply what has changed
  stop     stop the workers in order, and end
`;

const OPTIONS = `  -c, --config FILE         the configuration file (SUPERVISOR_CONFIG); without it,
                            supervisor.config.json, .yaml or .yml, .supervisorrc (also with
                            .json, .yaml, .yml) or the key "supervisor" of package.json in the
                            working directory
  --show-env                with config: print env values as they are
  --json                    with status: print JSON
  --no-wait                 do not wait for the end of the operation
  -h, --help                print this
  -V, --version             print the version
`;

/** What `--help` prints. */
export function help(): string {
  const overrides = OVERRIDES.map(({ flag, value, help, variable }) =>
    `  --${flag} ${value}`.padEnd(28).concat(`${help} (${variable})`),
  ).join('\n');
  return `${USAGE}
${OPTIONS}
Overrides, each with an environment variable; a flag goes before a variable before the file:
${overrides}
  -- COMMAND ARG…           instead of the file's command and args; then no file is needed

Exit status of run: 0 stopped as asked, or every worker has completed and none failed; 1 the
port is taken, or no worker's code explains why it gave up; 2 bad usage or configuration; 126
the command cannot be executed; 127 it was not found; else the code of the worker that it gave
up on. Of the subcommands that ask a running supervisor: 0 done; 1 refused or aborted; 2 bad
usage, or no socket is configured; 3 no supervisor answers.
`;
}
