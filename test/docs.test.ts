import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type LoadedConfig, loadConfig } from '../core/config/load.js';
import { builtins } from '../plugins/index.js';
import { startHeadgate } from './e2e/harness.js';
import { chatBody, post } from './e2e/http-client.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string, suffix: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix) && !name.includes('node_modules'))
    .map((name) => join(folder, name));

const readme = read('README.md');
const architecture = read('ARCHITECTURE.md');
const lifecycle = read('docs/lifecycle.md');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...filesIn('docs', '.md'),
  ...filesIn('examples', '.md'),
];

/** The fenced blocks of a page in a language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, inside = '']) => inside,
  );

/** Loads a configuration from a folder of its own, as the command line does, with every variable set that it names. */
function load(text: string): LoadedConfig {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'headgate.yaml'), text);
  writeFileSync(join(folder, 'require-customer.js'), '');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist', 'prompt-limit.js'), '');
  const names = [...text.matchAll(/\$\{(\w+)[}:]/g)].map(([, name = '']) => name);
  const modules = builtins.flatMap((plugin) => plugin.providers ?? []);
  return loadConfig({
    file: 'headgate.yaml',
    cwd: folder,
    env: {
      ...Object.fromEntries(names.map((name) => [name, `${name.toLowerCase()}-0123456789`])),
      PORT: '8080',
      GOOGLE_CLOUD_PROJECT: 'acme-llm',
    },
    rows: modules.map(({ row }) => ({ ...row, keyEnv: row.keyEnv ?? [] })),
    builtIn: modules.filter(({ transport }) => transport !== undefined).map(({ row }) => row.id),
  });
}

/** Removed when the test has ended. Modules in it find the checkout's packages. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

describe('the configurations of the documentation', () => {
  const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yaml'));
  const configurations = [
    ...blocks(readme, 'yaml').map((text, i) => [`block ${i + 1} of README.md`, text] as const),
    ...examples.map((name) => [`examples/${name}`, read(`examples/${name}`)] as const),
  ];

  it('are found', () => {
    expect(configurations.length).toBeGreaterThanOrEqual(3);
  });

  it.each(configurations)('load without a warning: %s', (_, text) => {
    expect(load(text).warnings).toEqual([]);
  });

  const parts = filesIn('docs', '.md').flatMap((page) =>
    blocks(read(page), 'yaml').map((text, i) => [`block ${i + 1} of ${page}`, text] as const),
  );

  it.each(parts.filter(([, text]) => !text.includes('scrape_configs')))('can be used: %s', (_, text) => {
    expect(() => load(text)).not.toThrow();
  });

  it('are the same in README.md and examples/headgate.yaml', () => {
    expect(parse(blocks(readme, 'yaml')[0] ?? '')).toEqual(parse(read('examples/headgate.yaml')));
  });
});

describe('the README', () => {
  it('has the curl that is printed at start', () => {
    const source = read('bin/start.ts');
    const printed = /^ *(curl \$\{url\}.*\\\\\n.*)$/m.exec(source)?.[1];
    expect(printed, 'no curl in bin/start.ts').toBeDefined();
    const plain = (text: string): string =>
      text
        .replaceAll(/\$\{url\}|http:\/\/127\.0\.0\.1:\d+/g, 'URL')
        .replaceAll('\\\\', '\\')
        .replaceAll(/\s+/g, ' ')
        .trim();
    expect(blocks(readme, 'sh').map(plain)).toContain(plain(printed ?? ''));
  });

  it('has one curl a block', () => {
    for (const block of blocks(readme, 'sh'))
      expect(block.match(/^curl /gm)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  it('has a plugin that does what it says', async () => {
    const file = join(temporaryFolder(), 'require-customer.js');
    writeFileSync(file, blocks(readme, 'js').find((text) => text.includes('definePlugin')) ?? '');
    const gateway = await startHeadgate({ config: { plugins: [{ use: file }] } });
    onTestFinished(() => gateway.kill());
    const ask = (headers: Record<string, string>) =>
      post(gateway, '/v1/chat/completions', chatBody('mock/hello'), headers);
    const refused = await ask({});
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('customer_required');
    expect((await ask({ 'x-headgate-metadata': 'customer=acme' })).status).toBe(200);
  });

  it.each(['openai', '@anthropic-ai/sdk'])('has code for %s that prints an answer', async (sdk) => {
    const code = blocks(readme, 'js').find((text) => text.includes(`from '${sdk}'`)) ?? '';
    const gateway = await startHeadgate();
    onTestFinished(() => gateway.kill());
    const file = join(temporaryFolder(), 'ask.js');
    writeFileSync(file, code.replaceAll('http://127.0.0.1:8080', gateway.url));
    const { stdout } = await run(process.execPath, [file]);
    expect(stdout).toContain('Hello');
  });

  it('names every path that models are asked at', () => {
    const paths = [...read('core/route/client-paths.ts').matchAll(/path: '(\/[^']+)'/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.length).toBeGreaterThan(3);
    for (const path of paths) expect(readme).toContain(`${path}\``);
  });
});

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leadsSomewhere(page, target));
    expect(broken).toEqual([]);
  });

  function leadsSomewhere(page: string, link: string): boolean {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
    if (relative(root, target).startsWith('..') || !existsSync(target)) return false;
    return anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor);
  }

  function anchorsOf(file: string): string[] {
    const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
    return [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }
});

describe('docs/lifecycle.md', () => {
  const tables = ['core/error-table.ts', 'core/admin-errors.ts', 'core/mcp/error-rows.ts'].map(
    (file) =>
      read(file)
        .split(/const \w+ = \{/)[1]
        ?.split('as const')[0] ?? '',
  );
  const table = tables.join('\n');
  const rows = [...table.matchAll(/^ {2}([a-z_]+): \{\s*status: (\d{3})/gm)];

  it('has every error code with its status', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const [, code = '', status = ''] of rows)
      expect(lifecycle, `${code} ${status}`).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${status} `, 'm'));
  });

  it('has no error code that is gone', () => {
    const listed = [...lifecycle.matchAll(/^\| `([a-z_]+)` /gm)].map(([, code]) => code);
    expect(listed.toSorted()).toEqual(rows.map(([, code]) => code).toSorted());
  });

  it('names every stage of the pipeline, in order', () => {
    const names = [...lifecycle.matchAll(/^### \d+ (\w+)$/gm)].map(([, name = '']) => name);
    const stages = [...read('core/pipeline.ts').matchAll(/^ {2}(\w+), \/\/ +\d+ /gm)].map(
      ([, name = '']) => name,
    );
    expect(stages.length).toBeGreaterThan(5);
    expect(names.slice(1, 1 + stages.length)).toEqual(stages);
    expect(names.slice(1 + stages.length)).toEqual([
      'encode',
      'sign',
      'dispatch',
      'judge',
      'relay',
      'settle',
    ]);
  });

  it('names every hook', () => {
    const phases = read('sdk-plugin/src/hooks.ts').split('phaseKinds')[1]?.split('};')[0] ?? '';
    const names = [...phases.matchAll(/^ {2}(\w+): '/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(lifecycle).toContain(`\`${name}\``);
  });
});

describe('ARCHITECTURE.md', () => {
  it.each([...filesIn('core/stages', '.ts'), ...filesIn('core/relay', '.ts')])('names %s', (file) => {
    expect(architecture).toContain(`\`${file}\``);
  });

  it.each(pages.filter((page) => page !== 'README.md'))(
    'and %s name no file of the code that is not there',
    (page) => {
      const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
      const named = [
        ...text.matchAll(/`((?:bin|core|plugins|sdk-plugin|workers|test|bench|scripts)\/[\w./-]*)`/g),
      ].map(([, file = '']) => file);
      expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    },
  );
});
