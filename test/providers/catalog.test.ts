import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../plugins/providers/catalog.js';

const rows = readCatalog();
const folder = mkdtempSync(join(tmpdir(), 'headgate-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const knownFormats = [
  'openai-chat',
  'openai-completions',
  'openai-embeddings',
  'anthropic-messages',
  'anthropic-count-tokens',
];

/** A folder with one row file in it. */
function folderWith(name: string, text: string): URL {
  const at = mkdtempSync(join(folder, 'case-'));
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, name), text);
  return pathToFileURL(`${at}/`);
}

describe('the provider catalogue', () => {
  it('holds the providers the gateway promises', () => {
    const ids = rows.map((row) => row.id);
    expect(ids).toEqual(
      expect.arrayContaining([
        'openai',
        'anthropic',
        'groq',
        'mistral',
        'deepseek',
        'together',
        'openrouter',
        'ollama',
        'vllm',
      ]),
    );
  });

  it('has one row an id and no key variable that two providers would both pick up', () => {
    const ids = rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    const variables = rows.flatMap((row) => row.keyEnv);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s is complete and sends its key over https only',
    (_, row) => {
      const url = new URL(row.baseUrl ?? '');
      const local = url.hostname === '127.0.0.1';
      expect(url.protocol).toBe(local ? 'http:' : 'https:');
      expect(row.keyRequired).toBe(!local);
      expect(row.free).toBe(local);
      expect(Object.keys(row.formats).length).toBeGreaterThan(0);
      for (const format of Object.keys(row.formats)) expect(knownFormats).toContain(format);
      for (const format of Object.keys(row.renames)) expect(Object.keys(row.formats)).toContain(format);
      expect(['bearer', 'header', 'none']).toContain(row.signer);
      expect(row.keyEnv.length).toBeGreaterThan(0);
      expect(row.docs).toMatch(/^https:\/\//);
      // Doubled version segments are the usual slip when a base URL and its paths are written apart.
      for (const path of Object.values(row.formats))
        expect(`${url.pathname}${path}`).not.toMatch(/\/v1\/v1\//);
    },
  );

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
