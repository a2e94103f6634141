import { packageFile } from '../package-file.ts';

/** The JSON Schema of the configuration: the only home of its defaults and descriptions. */
export function readSchema(): Record<string, unknown> {
  return JSON.parse(packageFile('schemas/supervisor.schema.json')) as Record<string, unknown>;
}
