// The files of the package that its code reads as they are, put into that code when it is built.
import { readFileSync } from 'node:fs';

const FILES = {
  'package.json': (text) => JSON.stringify({ version: JSON.parse(text).version }),
  'schemas/supervisor.schema.json': (text) => JSON.stringify(JSON.parse(text)),
  'dist/page.html': (text) => text,
};

/** A plugin of esbuild that puts a file's text in the place of the call that reads it. */
export const filesInside = {
  name: 'files-inside',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      const calls = /\bpackageFile\('([^']*)'\)/g;
      if (!calls.test(code)) return undefined;
      return {
        loader: 'ts',
        contents: code
          .replace(/^import \{ packageFile \} .*$/m, '')
          .replaceAll(calls, (_, name) => JSON.stringify(FILES[name](readFileSync(name, 'utf8')))),
      };
    });
  },
};
