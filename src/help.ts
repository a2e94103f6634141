import { OVERRIDES } from './config/overrides.ts';

/** What `--help` prints. */
export function help(): string {
  const overrides = OVERRIDES.map(({ flag, value, help, variable }) =>
    `  --${flag} ${value}`.padEnd(28).concat(`${help} (${variable})`),
  ).join('\n');
  return `Usage:
  container-supervisor [run] [-c FILE] [overrides] [-- COMMAND ARG…]
  container-supervisor check [-c FILE] [overrides] [-- COMMAND ARG…]
  container-supervisor config [-c FILE] [--show-env] [overrides] [-- COMMAND ARG…]
  container-supervisor schema

Runs copies of a command, replaces the dead ones, stops them in order, and exports
Prometheus metrics of restarts and exit codes.

  run      start the workers and supervise them (the default)
  check    validate the configuration: print "FILE: ok", or every problem and exit with 2
  config   print the merged, validated configuration as JSON, env values masked
  schema   print the JSON Schema of the configuration

  -c, --config FILE         the configuration file (SUPERVISOR_CONFIG); without it,
                            supervisor.config.json, .yaml or .yml, .supervisorrc (also with
                            .json, .yaml, .yml) or the key "supervisor" of package.json in the
                            working directory
  --show-env                with config: print env values as they are
  -h, --help                print this
  -V, --version             print the version

Overrides, each with an environment variable; a flag goes before a variable before the file:
${overrides}
  -- COMMAND ARG…           instead of the file's command and args; then no file is needed

Exit status of run: 0 stopped as asked, or every worker has completed and none failed; 1 the
port is taken, or no worker's code explains why it gave up; 2 bad usage or configuration; 126
the command cannot be executed; 127 it was not found; else the code of the worker that it gave
up on.
`;
}
