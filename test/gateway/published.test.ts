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
import { afterAll, describe, expect, it } from 'vitest';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');

/** A project of somebody else, with what `npm pack` puts into our packages and the packages these depend on. */
const project = mkdtempSync(join(tmpdir(), 'headgate-outsider-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));
const modules = join(project, 'node_modules');
mkdirSync(join(modules, '@headgate'), { recursive: true });
for (const name of readdirSync(join(checkout, 'node_modules')))
  if (!['.bin', '@headgate', 'headgate'].includes(name) && !name.startsWith('.'))
    symlinkSync(join(checkout, 'node_modules', name), join(modules, name));
install('.', 'headgate');
install('sdk-plugin', '@headgate/sdk');
writeFileSync(join(project, 'package.json'), '{"type":"module"}');

/** Returns the files of the package. */
function install(folder: string, name: string): void {
  const packed = mkdtempSync(join(project, 'packed-'));
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], join(checkout, folder));
  const archive = readdirSync(packed).find((file) => file.endsWith('.tgz')) ?? '';
  run('tar', ['-xzf', archive], packed);
  cpSync(join(packed, 'package'), join(modules, name), { recursive: true });
}

function run(command: string, args: string[], cwd: string): string {
  const env = { PATH: process.env['PATH'] ?? '', HOME: project };
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env,
    timeout: 60_000,
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

function compile(source: string, ...more: string[]): void {
  writeFileSync(join(project, 'program.ts'), source);
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--noEmit', '--types', 'node'];
  run(
    process.execPath,
    [join(checkout, 'node_modules/typescript/bin/tsc'), ...options, ...more, 'program.ts'],
    project,
  );
}

const program = `
import { ConfigError, type ConfigInput, createGateway, type Gateway, StartError } from 'headgate';
import { definePlugin } from '@headgate/sdk';

const config: ConfigInput = {
  server: { body_limit: '1mb', drain_timeout: '5s' },
  models: { support: { targets: ['mock/hello', { target: 'openai/gpt-4o', weight: 2 }] } },
  keys: [{ name: 'one', value: 'hg-one-key-0123456789', budget: { usd: 1 } }],
};
const gateway: Gateway = await createGateway({ config, plugins: [definePlugin({ name: 'x', version: '1' })], port: 0 });
const response: Response = await gateway.fetch('/v1/models', { signal: AbortSignal.timeout(1000) });
const same: typeof fetch = gateway.fetch;
const [url, inTime]: [string, boolean] = [await gateway.listen(), await gateway.close()];
console.log(response.status, same, url, inTime, ConfigError, StartError);
await createGateway({ config: new URL('file:///etc/headgate.yaml'), env: process.env });
// @ts-expect-error there is no such section
await createGateway({ config: { servr: {} } });
// @ts-expect-error a strategy that there is none of
await createGateway({ config: { models: { x: { strategy: 'luck', targets: ['mock/x'] } } } });
`;

describe('the published package', () => {
  it.each([[['es2023']], [['es2023', 'dom', 'dom.iterable']]])(
    'has types that compile with lib %s',
    (lib) => {
      compile(program, '--lib', lib.join(','));
    },
  );

  it('gives SDKs a fetch that their types take', () => {
    compile(
      `import Anthropic from '@anthropic-ai/sdk';
       import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
       import { createGateway } from 'headgate';
       import OpenAI from 'openai';
       const { fetch } = await createGateway();
       console.log(new OpenAI({ fetch }), new Anthropic({ fetch }));
       console.log(createOpenAICompatible({ name: 'headgate', baseURL: 'http://headgate/v1', fetch }));`,
      '--skipLibCheck',
    );
  });

  it('runs the example, which ends by itself and leaves nothing behind', () => {
    cpSync(join(checkout, 'examples/embedded.mjs'), join(project, 'embedded.mjs'));
    const output = run(process.execPath, ['embedded.mjs'], project);
    expect(output).toContain("Hello! I am Headgate's mock model");
    expect(output).toContain("customer: 'acme'");
    expect(readdirSync(project)).not.toContain('data');
  });

  it('runs what the README shows', () => {
    const code = /```js\n(import \{ createGateway \} from 'headgate';[\s\S]*?)```/.exec(
      read('README.md'),
    )?.[1];
    writeFileSync(join(project, 'readme.mjs'), code ?? 'throw new Error("not found")');
    expect(run(process.execPath, ['readme.mjs'], project)).toContain("Hello! I am Headgate's mock model");
  });

  it('starts as a program', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: { headgate: string } };
    const output = run(process.execPath, [join(modules, 'headgate', bin.headgate), 'check'], project);
    expect(output).toContain('mock');
  });

  it('holds no test, no benchmark and no source', () => {
    const files = readdirSync(join(modules, 'headgate'), { recursive: true, encoding: 'utf8' });
    expect(files).toContain('dist/bin/library.d.ts');
    expect(
      files.filter((file) =>
        /^dist\/(test|bench)|^dist\/(core|plugins|workers).*\.js|(?<!\.d)\.ts$|\.map$|tsbuildinfo/.test(file),
      ),
    ).toEqual([]);
  });
});

it('the guide shows the example as it is', () => {
  const shown = /<!-- example: embedded.mjs -->\n```js\n([\s\S]*?)```/.exec(read('docs/embedding.md'))?.[1];
  expect(shown).toBe(read('examples/embedded.mjs'));
});
