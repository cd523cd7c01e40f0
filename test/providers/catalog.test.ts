import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ProviderRow, providerRow } from '@headgate/sdk';
import { afterAll, describe, expect, it } from 'vitest';
import { fillHoles, holesIn } from '../../core/config/holes.js';
import { resolveVariables, textValues } from '../../core/config/resolve-variables.js';
import { compilePath } from '../../core/route/path-template.js';
import { builtins } from '../../plugins/index.js';
import { readCatalog } from '../../plugins/providers/catalog.js';

const rows = readCatalog().map((row) => providerRow.parse(row));
const folder = mkdtempSync(join(tmpdir(), 'headgate-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const knownFormats = [
  'openai-chat',
  'openai-responses',
  'openai-completions',
  'openai-embeddings',
  'anthropic-messages',
  'anthropic-count-tokens',
  'gemini',
  'gemini-count-tokens',
  'bedrock-converse',
  'cohere-chat',
  'ollama-chat',
  'ollama-generate',
  'openai-realtime',
  'openai-responses-socket',
  ...builtins.flatMap((plugin) => plugin.formats ?? []).map((format) => format.id),
];
const signers = new Map(
  builtins.flatMap((plugin) => plugin.signers ?? []).map((signer) => [signer.id, signer]),
);

/** What each provider is called that the gateway promises to know. */
const promised =
  `openai anthropic gemini vertex vertex_anthropic vertex_openai azure azure_deployments azure_ai bedrock
  cohere mistral groq ollama vllm sglang lm_studio llamacpp tgi xai deepseek openrouter together fireworks cerebras sambanova
  perplexity huggingface nvidia_nim databricks watsonx sagemaker oci snowflake cloudflare replicate deepinfra hyperbolic
  novita nebius baseten ai21 moonshot dashscope bigmodel zai minimax volcengine qianfan hunyuan tencent github
  github_copilot voyage jina_ai elevenlabs deepgram assemblyai fal stability runway parasail opencode_go opencode_zen
  runware sarvam wafer bedrock_mantle`.split(/\s+/);

/** Every text of a row that may hold variables. */
function textsOf(row: ProviderRow): string[] {
  return [
    row.baseUrl ?? '',
    ...Object.values(row.formats),
    ...Object.values(row.paths),
    ...Object.values(row.headers),
    ...Object.values(row.signerOptions),
    ...Object.values(row.body).flatMap(({ set }) =>
      Object.values(set).filter((value) => typeof value === 'string'),
    ),
    ...Object.values(row.variables).flatMap((variable) => [
      variable.default ?? '',
      ...Object.values(variable.cases?.is ?? {}),
    ]),
  ];
}

/** The row's base URL as a configuration would have it that says `x1` for all that has no default. */
function exampleUrl(row: ProviderRow): URL {
  const given = Object.fromEntries(Object.keys(row.variables).map((name) => [name, 'x1']));
  for (const [name, { default: text }] of Object.entries(row.variables))
    if (text !== undefined) delete given[name];
  const { values, problems } = resolveVariables({
    row,
    baseUrl: row.baseUrl ?? null,
    formats: row.formats,
    given,
    env: {},
  });
  expect(problems).toEqual([]);
  return new URL(fillHoles(row.baseUrl ?? 'http://127.0.0.1', textValues(values)));
}

/** `api.moonshot.ai` → `moonshot.ai`: who runs the host. */
const domainOf = (row: ProviderRow): string =>
  (row.baseUrl ?? '').split('/')[2]?.split('.').slice(-2).join('.') ?? '';

/** A folder with one row file in it. */
function folderWith(name: string, text: string): URL {
  const at = mkdtempSync(join(folder, 'case-'));
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, name), text);
  return pathToFileURL(`${at}/`);
}

describe('the provider catalogue', () => {
  it('holds the providers the gateway promises, 120 or more', () => {
    expect(rows.length).toBeGreaterThanOrEqual(120);
    const ids = new Set(rows.map((row) => row.id));
    expect(promised.filter((id) => !ids.has(id))).toEqual([]);
  });

  it('has one row an id, and a key variable is shared only by rows of one company', () => {
    const ids = rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    const users = new Map<string, Set<string>>();
    for (const row of rows)
      for (const name of row.keyEnv) users.set(name, (users.get(name) ?? new Set()).add(domainOf(row)));
    expect([...users].filter(([, domains]) => domains.size > 1)).toEqual([]);
  });

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s is complete and sends its key over https only',
    (_, row) => {
      const url = exampleUrl(row);
      const local = url.hostname === '127.0.0.1';
      expect(url.protocol).toBe(local ? 'http:' : 'https:');
      // A company's credentials may come from the machine itself; nobody else gives away what it has for nothing.
      if (local) expect(row.keyRequired).toBe(false);
      else if (!['azure', 'google', 'sigv4'].includes(row.signer)) expect(row.keyRequired).toBe(true);
      if (!local) expect(row.free).toBe(false);
      expect(row.keyEnv.length).toBeGreaterThan(0);
      for (const name of row.keyEnv) expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(row.docs).toMatch(/^https:\/\/[a-z0-9.-]+\.[a-z]+/);
      for (const path of Object.values(row.formats)) {
        expect(() => new URL(url.origin + compilePath(path, 'a/b c').whole)).not.toThrow();
        // Doubled version segments are the usual slip when a base URL and its paths are written apart.
        expect(`${url.pathname.replace(/\/$/, '')}${path}`).not.toMatch(/\/v1\/v1\/|\/\//);
      }
    },
  );

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s names formats, signers and variables that there are',
    (_, row) => {
      for (const format of Object.keys(row.formats)) expect(knownFormats).toContain(format);
      for (const format of [...Object.keys(row.renames), ...Object.keys(row.body)])
        expect(Object.keys(row.formats)).toContain(format);
      const signer = signers.get(row.signer);
      expect(signer?.id).toBe(row.signer);
      expect(() => signer?.fixed?.('credential', row.signerOptions)).not.toThrow();
      const known = Object.keys(row.variables);
      expect(
        textsOf(row)
          .flatMap(holesIn)
          .filter((name) => !known.includes(name)),
      ).toEqual([]);
      const used = new Set(textsOf(row).flatMap(holesIn));
      expect(known.filter((name) => !used.has(name))).toEqual([]);
    },
  );

  it('renames only fields of the format, to others of it', () => {
    const pairs = new Set(
      rows.flatMap((row) =>
        Object.values(row.renames).flatMap((renames) => Object.entries(renames).map(String)),
      ),
    );
    expect([...pairs].sort()).toEqual([
      'dimensions,output_dimension',
      'max_completion_tokens,max_tokens',
      'max_tokens,max_completion_tokens',
      'model,model_id',
      'seed,random_seed',
    ]);
  });

  it('sends Anthropic its version and its key header', () => {
    const row = rows.find((known) => known.id === 'anthropic');
    expect(row?.headers).toEqual({ 'anthropic-version': '2023-06-01' });
    expect(row?.signerOptions).toEqual({ header: 'x-api-key' });
    expect(`${row?.baseUrl}${row?.formats['anthropic-messages']}`).toBe(
      'https://api.anthropic.com/v1/messages',
    );
  });

  it('never asks Mistral for what it refuses: usage in streams, OpenAI’s newer names', () => {
    const row = rows.find((known) => known.id === 'mistral');
    expect(row?.streamUsage).toBe('always');
    expect(row?.renames['openai-chat']).toMatchObject({ max_completion_tokens: 'max_tokens' });
  });
});

describe('reading rows', () => {
  it('names the file and the field of a wrong row', () => {
    const at = folderWith(
      'x.json',
      JSON.stringify({ id: 'x', name: 'X', formats: { a: 'no-slash' }, signer: 'none' }),
    );
    expect(() => readCatalog(at)).toThrow(/x\.json: not a valid provider row\n {2}formats\.a: /);
  });

  it('names the file that is not JSON', () => {
    expect(() => readCatalog(folderWith('broken.json', '{'))).toThrow(/broken\.json: not readable as JSON/);
  });

  it('refuses a misspelt field instead of ignoring it', () => {
    const row = { id: 'x', name: 'X', formats: {}, signer: 'none', baseurl: 'https://x.example' };
    expect(() => readCatalog(folderWith('x.json', JSON.stringify(row)))).toThrow(/baseurl/);
  });

  it('refuses a file that is not named after its row', () => {
    const row = { id: 'x', name: 'X', formats: {}, signer: 'none' };
    expect(() => readCatalog(folderWith('y.json', JSON.stringify(row)))).toThrow(/name the file x\.json/);
  });
});
