import { readFileSync } from 'node:fs';

/** The JSON Schema of the configuration: the only home of its defaults and descriptions. */
export function readSchema(): Record<string, unknown> {
  const url = new URL('../../schemas/supervisor.schema.json', import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Record<string, unknown>;
}
