import type { Template } from './state.ts';

/** The part of a configuration that a worker's process is made from. */
export function templateOf({ command, args, env, portBase, workingDir }: Template): Template {
  return {
    command,
    args,
    env,
    ...(portBase === undefined ? {} : { portBase }),
    ...(workingDir === undefined ? {} : { workingDir }),
  };
}

/** Whether they make the same process. The order of `env` counts: an entry may refer to those above it. */
export function sameTemplate(a: Template, b: Template): boolean {
  return a === b || JSON.stringify(templateOf(a)) === JSON.stringify(templateOf(b));
}
