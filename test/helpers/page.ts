import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.ts';

/** A command of a terminal on a page, with what is printed below it. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A page of the documentation, for tests that run what it shows. */
export class Page {
  readonly text: string;

  constructor(path: string) {
    this.text = readFileSync(join(ROOT, path), 'utf8');
  }

  /** The fenced blocks of a language, in order: of the whole page, or below a heading up to the next. */
  blocks(language: string, heading?: string): readonly string[] {
    const fence = new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm');
    const blocks = [...this.#below(heading).matchAll(fence)].map(([, block = '']) => block);
    if (blocks.length === 0) throw new Error(`no ${language} below ${heading ?? 'the title'}`);
    return blocks;
  }

  /** The first block of a language below a heading. */
  block(language: string, heading: string): string {
    return this.blocks(language, heading)[0] ?? '';
  }

  /** The configuration below a heading. */
  configuration(heading: string): Readonly<Record<string, unknown>> {
    return JSON.parse(this.block('json', heading)) as Readonly<Record<string, unknown>>;
  }

  /** The commands of the first terminal below a heading. */
  steps(heading: string): readonly Step[] {
    return this.block('console', heading)
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...output] = step.split('\n');
        return { command, output: output.join('\n').trimEnd() };
      });
  }

  #below(heading: string | undefined): string {
    if (heading === undefined) return this.text;
    // a comment in a block may look like the title, but like no other heading
    const [, text] = this.text.split(new RegExp(`^#{2,} ${heading}$`, 'm'));
    if (text === undefined) throw new Error(`no heading ${heading}`);
    return text.split(/^#{2,} /m)[0] ?? text;
  }
}
