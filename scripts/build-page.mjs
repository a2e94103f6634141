// Makes one document of src/page: dist/page.html, with its style and its script in it.
import { readFileSync, writeFileSync } from 'node:fs';

import { build } from 'esbuild';

const SOURCE = 'src/page/';
const TARGET = 'dist/page.html';

/** What the browsers of the last two years know. */
const BROWSERS = ['chrome120', 'firefox124', 'safari17.4'];

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [`${SOURCE}${entry}`],
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    format: 'esm',
    target: BROWSERS,
    legalComments: 'none',
  });
  return outputFiles[0].text.trim();
}

/** Replaces what stands there once; no `$` in the replacement means anything. */
function replaced(text, part, replacement) {
  if (text.split(part).length !== 2) throw new Error(`${SOURCE}page.html: expected one ${part}`);
  return text.replace(part, () => replacement);
}

const [style, script] = await Promise.all([bundled('page.css'), bundled('main.ts')]);
const markup = readFileSync(`${SOURCE}page.html`, 'utf8')
  .replace(/<!--(?!doctype).*?-->/gs, '')
  .replace(/\n\s*/g, '\n');
const styled = replaced(
  markup,
  '<link rel="stylesheet" href="page.css" />',
  `<style>${style}</style>`,
);
writeFileSync(
  TARGET,
  replaced(
    styled,
    '<script type="module" src="main.ts"></script>',
    `<script type="module">${script}</script>`,
  ),
);
