// What an editor makes of the schema, by the language service of VS Code, as docs/configuration.md says it is found.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { beforeAll, describe, expect, test } from '@jest/globals';
import { getLanguageService, TextDocument } from 'vscode-json-languageservice';
import type {
  CompletionItem,
  LanguageService,
  SchemaConfiguration,
} from 'vscode-json-languageservice';
import { parse } from 'yaml';

import { checked, OK } from '../helpers/check.ts';
import { Program, CLI, ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { filesOf } from './files.ts';

const PAGE = readFileSync(`${ROOT}docs/configuration.md`, 'utf8');

/** The page's only block in that language below “In an editor”. */
function block(language: string): string {
  const [, section = ''] = PAGE.split('\n## In an editor\n');
  const [, text] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section) ?? [];
  if (text === undefined) throw new Error(`expected a block in ${language}`);
  return text;
}

/** An editor that has a folder open. */
class Editor {
  readonly #folder: string;
  readonly #service: LanguageService;

  constructor(folder: string, schemas: SchemaConfiguration[] = []) {
    this.#folder = folder;
    this.#service = getLanguageService({
      schemaRequestService: (uri) => Promise.resolve(readFileSync(fileURLToPath(uri), 'utf8')),
      workspaceContext: {
        resolveRelativePath: (relative, resource) => new URL(relative, resource).href,
      },
    });
    this.#service.configure({ schemas });
  }

  /** What is marked, as the marked text and the message. */
  async problems(text: string, file = 'supervisor.config.json'): Promise<readonly string[]> {
    const document = this.#document(text, file);
    const parsed = this.#service.parseJSONDocument(document);
    const found = await this.#service.doValidation(document, parsed);
    return found.map(({ range, message }) => {
      const [marked = ''] = document.getText(range).split('\n');
      return `${marked}: ${typeof message === 'string' ? message : message.value}`;
    });
  }

  /** What is shown over the first place where the text has that. */
  async hover(text: string, over: string): Promise<string> {
    const document = this.#document(text);
    const position = document.positionAt(text.indexOf(over) + 1);
    const parsed = this.#service.parseJSONDocument(document);
    const hover = await this.#service.doHover(document, position, parsed);
    return [hover?.contents ?? []].flat().map(String).join('\n').replaceAll('\\', '');
  }

  /** What is offered at the mark `|`. */
  async offers(text: string): Promise<readonly CompletionItem[]> {
    const document = this.#document(text.replace('|', ''));
    const position = document.positionAt(text.indexOf('|'));
    const parsed = this.#service.parseJSONDocument(document);
    return (await this.#service.doComplete(document, position, parsed))?.items ?? [];
  }

  #document(text: string, file = 'supervisor.config.json'): TextDocument {
    return TextDocument.create(pathToFileURL(join(this.#folder, file)).href, 'json', 1, text);
  }
}

const labels = (items: readonly CompletionItem[]): readonly string[] =>
  items.map(({ label }) => label).sort();

/** What is there once an offer was taken and nothing more typed. */
const taken = (text: string, { insertText = '' }: CompletionItem): string =>
  text.replace(
    '|',
    insertText.replace(/\$\{\d:((?:[^}\\]|\\.)*)\}|\$\d/g, '$1').replaceAll(/\\([$}\\])/g, '$1'),
  );

/** What an offer leaves to be typed. */
const UNFINISHED =
  /: (?:Missing property|Array has too few|(?:Value|Colon) expected|String is shorter)/;

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

const SCHEMA = JSON.parse(
  readFileSync(`${ROOT}schemas/supervisor.schema.json`, 'utf8'),
) as SchemaNode;

describe('a project that has the package', () => {
  let editor: Editor;
  const json = block('json');
  const [start = ''] = json.split('\n  "command"');

  beforeAll(() => {
    const folder = workspace();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/container-supervisor'));
    editor = new Editor(folder);
  });

  /** The page's first lines, and this. */
  const file = (rest: string): string => `${start}\n  ${rest}\n}`;

  test('has nothing marked in the page’s file, which the program takes too', async () => {
    expect(await editor.problems(json)).toEqual([]);
    expect(checked(json)).toEqual(OK);
  });

  test.each([
    [
      'an unknown key',
      '"command": ["a"], "reloadDelai": 1',
      '"reloadDelai": Property reloadDelai is not allowed.',
    ],
    [
      'a wrong type',
      '"command": ["a"], "workers": "two"',
      '"two": Incorrect type. Expected "integer".',
    ],
    ['no command', '"workers": 2', '{: Missing property "command".'],
    [
      'a key that a probe has not',
      '"command": ["a"], "livenessProbe": { "grpc": {} }',
      '"grpc": Property grpc is not allowed.',
    ],
  ])('has %s marked', async (_, rest, problem) => {
    expect(await editor.problems(file(rest))).toEqual([problem]);
  });

  test('shows what each key means', async () => {
    const text = file('"command": ["a"], "restart": { "policy": "Never" }');
    expect(await editor.hover(text, '"command"')).toBe(SCHEMA.properties?.['command']?.description);
    const { policy } = SCHEMA.properties?.['restart']?.properties ?? {};
    expect(await editor.hover(text, '"policy"')).toBe(policy?.description);
    const probe = file('"command": ["a"], "livenessProbe": {}');
    const { livenessProbe } = SCHEMA.properties ?? {};
    expect(await editor.hover(probe, '"livenessProbe"')).toBe(livenessProbe?.description);
  });

  test('offers every key that is not there yet, with what it means', async () => {
    const items = await editor.offers(file('"command": ["a"], |'));
    const keys = Object.keys(SCHEMA.properties ?? {});
    const missing = keys.filter((key) => !['$schema', 'command'].includes(key));
    expect(labels(items)).toEqual(missing.sort());
    for (const { label, documentation } of items) {
      expect([label, documentation]).toEqual([label, SCHEMA.properties?.[label]?.description]);
    }
  });

  test.each([
    ['"restart": { "policy": | }', ['"Always"', '"Never"', '"OnFailure"']],
    ['"stop": { "order": | }', ['"parallel"', '"sequential"']],
    ['"workers": |', ['"auto"', '1']],
    ['"subreaper": |', ['false', 'true']],
    ['"log": { "level": | }', ['"debug"', '"error"', '"info"', '"warn"']],
  ])('offers the values of %s', async (rest, values) => {
    expect(labels(await editor.offers(file(`"command": ["a"], ${rest}`)))).toEqual(values);
  });

  test('offers signals where one is wanted', async () => {
    const offered = labels(await editor.offers(file('"command": ["a"], "stop": { "signal": | }')));
    expect(offered).toEqual(expect.arrayContaining(['"SIGTERM"', '"SIGUSR1"']));
  });

  /** The objects of a configuration, as text with the mark where a key can be. */
  const places = ['|', ...objectsOf(SCHEMA)].map((place) => [place]);

  test.each(places)('marks nothing in what is offered in %s', async (place) => {
    const text = file(place === '|' ? '|' : `"command": ["a"], ${place}`);
    const items = await editor.offers(text);
    expect(items).not.toEqual([]);
    for (const item of items) {
      const found = await editor.problems(taken(text, item));
      const wrong = found.filter((problem) => !UNFINISHED.test(problem));
      expect([item.insertText, wrong]).toEqual([item.insertText, []]);
    }
  });
});

/** Each object below, as `"key": { "key": { | } }`. */
function objectsOf(node: SchemaNode): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (child.properties === undefined && !key.endsWith('Probe')) return [];
    const wrap = (inner: string): string => `"${key}": { ${inner} }`;
    return [wrap('|'), ...objectsOf(child).map(wrap)];
  });
}

describe('the page', () => {
  const modeline = /^# yaml-language-server: \$schema=(\S+)$/m;

  test('names the same schema in YAML, which the program takes', async () => {
    const yaml = block('yaml');
    const { $schema } = JSON.parse(block('json')) as { $schema: string };
    expect(modeline.exec(yaml)?.[1]).toBe($schema);
    const cwd = workspace({ 'supervisor.config.yaml': yaml });
    const program = new Program([process.execPath, CLI, 'check'], { cwd, env: process.env });
    expect((await program.ended).code).toBe(0);
    expect(program.stdout).toBe('supervisor.config.yaml: ok\n');
  });

  test('has a command that writes the schema', async () => {
    const cwd = workspace();
    mkdirSync(join(cwd, 'bin'));
    symlinkSync(CLI, join(cwd, 'bin/container-supervisor'));
    const env = { PATH: `${cwd}/bin:${process.env['PATH'] ?? ''}` };
    const program = new Program(['sh', '-ec', block('sh')], { cwd, env });
    expect([program.stderr, (await program.ended).code]).toEqual(['', 0]);
    const editor = new Editor(cwd);
    const text = '{ "$schema": "./supervisor.schema.json", "workers": 2 }';
    expect(await editor.problems(text)).toEqual(['{: Missing property "command".']);
  });
});

describe('this repository', () => {
  const files = filesOf(ROOT);
  const settings = JSON.parse(readFileSync(`${ROOT}.vscode/settings.json`, 'utf8')) as {
    'json.schemas': { fileMatch: string[]; url: string }[];
    'yaml.schemas': Readonly<Record<string, readonly string[]>>;
  };

  test('has settings by which VS Code finds the schema of every configuration', async () => {
    const schemas = settings['json.schemas'].map(({ fileMatch, url }) => ({
      fileMatch,
      uri: pathToFileURL(join(ROOT, url)).href,
    }));
    const editor = new Editor(ROOT, schemas);
    const configurations = files.filter((file) => /supervisor\.config.*\.json$/.test(file));
    expect(configurations.length).toBeGreaterThan(2);
    for (const path of configurations) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      expect([path, await editor.problems(text, path)]).toEqual([path, []]);
      const wrong = text.replace('"command"', '"comand"').replace(/"\$schema": .*/, '');
      expect(await editor.problems(wrong, path)).toHaveLength(2);
    }
    for (const url of Object.keys(settings['yaml.schemas'])) {
      expect(existsSync(join(ROOT, url))).toBe(true);
    }
  });

  test('has no $schema that leads nowhere', () => {
    const named = files
      .filter((file) => /\.(?:json|ya?ml)$|\.supervisorrc$/.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(ROOT, file), 'utf8');
        const [, inYaml] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
        const [, inJson] = /"\$schema": "([^"]+)"/.exec(text) ?? [];
        const schema = inYaml ?? inJson;
        return schema === undefined || /^https?:/.test(schema) ? [] : [[file, schema] as const];
      });
    expect(named.map(([file]) => file)).toContain('supervisor.config.example.json');
    for (const [file, schema] of named) {
      expect([file, existsSync(join(ROOT, dirname(file), schema))]).toEqual([file, true]);
    }
  });

  test('recommends the extensions that its settings need', () => {
    const { recommendations } = parse(readFileSync(`${ROOT}.vscode/extensions.json`, 'utf8')) as {
      recommendations: readonly string[];
    };
    expect(recommendations).toEqual(
      expect.arrayContaining(['esbenp.prettier-vscode', 'redhat.vscode-yaml']),
    );
  });
});
