import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProviderRow, providerRow, type Signer, type SignerHost } from '@headgate/sdk';
import { expect, it } from 'vitest';
import { loadConfig } from '../../core/config/load.js';
import { compileProvider } from '../../core/route/compile-provider.js';
import { adapters as loadedAdapters } from '../../plugins/adapters/index.js';
import { loadCatalog } from '../../plugins/providers/catalog.js';

// Documentation tells to extend `openai` for servers that are like OpenAI's; these refuse what they do not know.

const rows = loadCatalog().map((row) => providerRow.parse(row));
const parts = {
  signer: { open: () => ({ headers: [] }) } as unknown as Signer,
  signerHost: {} as SignerHost,
  adapters: new Map(loadedAdapters.map((adapter) => [adapter.id, adapter])),
  local: null,
  http: () => {
    throw new Error('nothing is sent');
  },
};

it('only OpenAI’s own addresses and Azure’s are taken to be OpenAI’s API in full', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-full-openai-'));
  const file = join(folder, 'headgate.yaml');
  writeFileSync(
    file,
    [
      'providers:',
      '  mine: { extends: openai, keys: [{ value: sk-fake-0123456789 }] }',
      '  local: { extends: openai, base_url: "http://127.0.0.1:9001/v1", keys: [] }',
      '  azure: { variables: { resource: one }, keys: [{ value: fake-0123456789 }] }',
      '  groq: { keys: [{ value: gsk-fake-0123456789 }] }',
    ].join('\n'),
  );
  try {
    const { config } = loadConfig({ file, env: {}, rows, builtIn: ['mock'] });
    const full = (id: string): boolean => {
      const provider = config.providers.get(id)!;
      const row = rows.find((one) => one.id === provider.row) as ProviderRow;
      return compileProvider(provider, { ...parts, row }).row.fullOpenai;
    };
    expect(['mine', 'local', 'azure', 'groq'].map((id) => [id, full(id)])).toEqual([
      ['mine', true],
      ['local', false],
      ['azure', true],
      ['groq', false],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
