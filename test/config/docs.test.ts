import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dataSchema } from '../../core/config/json-schema.js';
import { EXAMPLE_ENV } from './example.js';
import { loadText } from './load-text.js';
import { keyRows, referenceMarkdown } from './reference.js';

const file = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));
const START = '<!-- reference:start -->\n';
const END = '\n<!-- reference:end -->';

describe('docs/configuration.md', () => {
  it('has the reference that the schema gives (write it with UPDATE_DOCS=1)', () => {
    const page = readFileSync(file, 'utf8');
    const [before = '', rest = ''] = page.split(START);
    const [inside, after = ''] = rest.split(END);
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(file, before + START + referenceMarkdown() + END + after);
    } else expect(inside).toBe(referenceMarkdown());
  });

  it('names every key of the schema', () => {
    const page = readFileSync(file, 'utf8');
    const missing: string[] = [];
    keyRows(dataSchema(), '', (path) => {
      if (!page.includes(`\`${path}\``)) missing.push(path);
    });
    // The sections themselves are headings.
    expect(missing).toEqual([]);
  });

  it('has examples that load as they stand', () => {
    const page = readFileSync(file, 'utf8');
    const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      expect(parse(example)).toBeTypeOf('object');
      loadText(example, { env: { ...EXAMPLE_ENV, PORT: '8080' } });
    }
  });
});
