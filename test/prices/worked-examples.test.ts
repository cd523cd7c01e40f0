import { readFileSync } from 'node:fs';
import { emptyUsage, type Usage } from '@headgate/sdk';
import { describe, expect, test } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';

interface Case {
  ours: string;
  litellm: string;
  kind: string;
  usage: Partial<Usage>;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));

const cases = read('litellm-cases.json') as Case[];
/** Written, and checked by `.ci/run`, by `node scripts/prices-expected.mjs`, which runs LiteLLM's calculator itself. */
const { usd, version } = read('litellm-expected.json') as { usd: string[]; version: string };

describe("worked examples cost what LiteLLM's own calculator says", () => {
  const table = PriceTable.load();
  const at = Date.parse('2026-11-25T12:00:00Z');

  test('and there is an answer to each, of the release whose prices are used', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(usd).toHaveLength(cases.length);
    expect(table.sources.find(({ source }) => source === 'litellm')?.version).toBe(version);
  });

  test.each(cases.map((one, i) => [`${one.ours} ${one.kind} ${JSON.stringify(one.usage)}`, i] as const))(
    '%s',
    (_, i) => {
      const { ours, usage } = cases[i] as Case;
      const [provider = '', ...rest] = ours.split(':');
      const price = table.find(provider, rest.join(':'), at);
      if (price === null) throw new Error(`no price for ${ours}`);
      const expected = Number(usd[i]) * 1e9;
      expect(expected).toBeGreaterThan(0);
      // Theirs is a sum of doubles: ours must be the integer nearest to it.
      expect(Math.abs(costNano(price, { ...emptyUsage(), ...usage }) - expected)).toBeLessThanOrEqual(
        0.5 + 1e-3,
      );
    },
  );
});
