import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Phase, phaseKinds } from '@headgate/sdk';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { ask } from './ask.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const docs = readFileSync(join(checkout, 'docs/plugins.md'), 'utf8');
const readme = readFileSync(join(checkout, 'sdk-plugin/README.md'), 'utf8');

/** A project of somebody else: what `npm pack` puts into the package, zod, and the types of Node; nothing of this checkout. */
const project = mkdtempSync(join(tmpdir(), 'headgate-published-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));
const modules = join(project, 'node_modules');
mkdirSync(join(modules, '@headgate'), { recursive: true });
mkdirSync(join(modules, '@types'));
run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], join(checkout, 'sdk-plugin'));
const packed = readdirSync(project).find((file) => file.endsWith('.tgz')) ?? '';
run('tar', ['-xzf', packed], project);
cpSync(join(project, 'package'), join(modules, '@headgate', 'sdk'), { recursive: true });
for (const name of ['zod', '@types/node', 'undici-types'])
  symlinkSync(join(checkout, 'node_modules', name), join(modules, name));
writeFileSync(join(project, 'package.json'), '{"type":"module"}');

function run(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

const tsc = (...args: string[]): string =>
  run(process.execPath, [join(checkout, 'node_modules/typescript/bin/tsc'), ...args], project);
const options = [
  '--module',
  'nodenext',
  '--target',
  'es2023',
  '--strict',
  '--types',
  'node',
  '--outDir',
  'dist',
];

function exampleIn(text: string, name: string): string {
  const found = new RegExp(`<!-- example: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\n\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`there is no example ${name}`);
  return found;
}

describe('the published SDK', () => {
  it('is enough to compile the example plugin', () => {
    cpSync(join(checkout, 'examples/custom-plugin/src'), join(project, 'example'), { recursive: true });
    tsc(...options, '--noEmit', '--rootDir', '.', 'example/index.ts');
  });

  it('is enough to compile the plugin of its README', () => {
    writeFileSync(join(project, 'readme.ts'), /```ts\n([\s\S]*?)\n```/.exec(readme)?.[1] ?? '');
    tsc(...options, '--noEmit', 'readme.ts');
  });

  it('holds its documentation, and no sources', () => {
    const files = run('tar', ['-tzf', packed], project).split('\n');
    expect(files).toEqual(expect.arrayContaining(['package/README.md', 'package/dist/testing.d.ts']));
    expect(files.filter((file) => /src\/|(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });
});

describe('the guide to plugins', () => {
  it('shows a plugin whose own test passes, and which runs in a gateway', async () => {
    for (const name of ['prompt-limit.ts', 'prompt-limit.test.ts']) {
      writeFileSync(join(project, name), exampleIn(docs, name));
    }
    tsc(...options, 'prompt-limit.ts', 'prompt-limit.test.ts');
    expect(run(process.execPath, ['--test', 'dist/'], project)).toMatch(/^# pass 2$/m);

    const config = exampleIn(docs, 'headgate.yaml').replace('./dist', join(project, 'dist'));
    const gateway = await startHeadgate({ config });
    try {
      const long = { prompt: 'x'.repeat(3_000) };
      expect(await ask(gateway, 'Anthropic', 'mock/hello', long)).toMatchObject({
        status: 413,
        code: 'prompt_too_long',
      });
      const headers = { 'x-headgate-metadata': 'customer=acme' };
      expect((await ask(gateway, 'OpenAI', 'mock/hello', { ...long, headers })).status).toBe(200);
    } finally {
      await stopCleanly(gateway);
    }
  });

  it('has a row for every hook, in order, with its kind and how it fails', () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (gate|chain|map|tap|notify) \|.*\| (\w+) \|$/gm)];
    expect(rows.map(([, phase, kind]) => [phase, kind])).toEqual(Object.entries(phaseKinds));
    for (const [, phase, , fails] of rows) {
      const kind = phaseKinds[phase as Phase];
      expect(fails, phase).toBe(kind === 'tap' || kind === 'notify' ? 'open' : 'closed');
    }
  });
});
