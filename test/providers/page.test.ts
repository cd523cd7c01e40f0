import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../plugins/providers/catalog.js';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/providers.md', root), 'utf8');

describe('docs/providers.md', () => {
  it('has the tables that the rows give (write it with node scripts/providers-table.mjs)', () => {
    const script = fileURLToPath(new URL('scripts/providers-table.mjs', root));
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('tells of every signer that a row uses', () => {
    const signers = new Set(readCatalog().map((row) => `| \`${row.signer}\` |`));
    expect([...signers].filter((line) => !page.includes(line))).toEqual([]);
  });
});
