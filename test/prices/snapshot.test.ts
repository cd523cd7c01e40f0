import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  PIECE_UNITS,
  type PricePhase,
  type PriceRecord,
  type PriceRow,
  type SnapshotMeta,
} from '../../core/catalog/prices/price-row.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { fillRates, MAX_PIECE_RATE, MAX_RATE, modelPrice } from '../../core/catalog/prices/rates.js';

type File = { _meta: SnapshotMeta } & Record<string, Record<string, PriceRow>>;

const root = new URL('../../', import.meta.url);
const path = (name: string): URL => new URL(name, root);
const files = ['genai.json', 'litellm.json'].map((name) => {
  const url = path(`core/catalog/prices/${name}`);
  return { name, url, text: readFileSync(url, 'utf8') };
});

function records(row: PriceRow): PriceRecord[] {
  if (row.price === undefined) return [];
  return Array.isArray(row.price) ? row.price.map((phase: PricePhase) => phase.price) : [row.price];
}

describe.each(files)('$name', ({ url, text }) => {
  const { _meta: meta, ...sections } = JSON.parse(text) as File;
  const rows = Object.entries(sections).flatMap(([provider, models]) =>
    Object.entries(models as Record<string, PriceRow>).map(([model, row]) => ({
      id: `${provider}/${model}`,
      row,
    })),
  );

  test('says where it comes from, of which day, under which licence', () => {
    expect(meta).toMatchObject({ licence: 'MIT', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(meta.taken).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(meta.notice).toContain('Permission is hereby granted, free of charge');
    expect(meta.notice).toMatch(/Copyright \(c\)/);
    expect(readFileSync(path('NOTICE'), 'utf8')).toContain(meta.source);
  });

  test('is small, and one model is one line', () => {
    expect(statSync(url).size).toBeLessThan(800_000);
    expect(rows.length).toBeGreaterThan(1_500);
    const lines = text.split('\n').length;
    expect(lines).toBe(rows.length + 2 * Object.keys(sections).length + 4);
  });

  test('holds only rates that keep the arithmetic exact, and tiers in order', () => {
    for (const { id, row } of rows) {
      for (const record of records(row)) {
        const price = modelPrice('x', id, 'litellm', record);
        const lists = [price, ...(price.services?.values() ?? [])];
        for (const rates of lists.flatMap((list) => [
          list.rates,
          ...(list.tiers ?? []).map((tier) => tier.rates),
        ])) {
          const sound = Object.values(rates).every(
            (rate) => Number.isSafeInteger(rate) && rate >= 0 && rate <= MAX_RATE,
          );
          expect(`${id} ${sound}`).toBe(`${id} true`);
        }
        for (const list of [record, ...Object.values(record.services ?? {})]) {
          const starts = (list.tiers ?? []).map((tier) => tier.above);
          expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        }
        for (const pieces of [record.pieces ?? {}, ...Object.values(record.variants ?? {})])
          for (const [unit, rate] of Object.entries(pieces))
            expect(
              unit in PIECE_UNITS && Number.isSafeInteger(rate) && rate > 0 && rate <= MAX_PIECE_RATE,
            ).toBe(true);
      }
    }
  });

  test('has no price of nothing: a model is priced, free, or not known', () => {
    for (const { id, row } of rows) {
      const zero = records(row).some(
        (record) =>
          record.pieces === undefined &&
          record.variants === undefined &&
          Object.values(fillRates(record)).every((rate) => rate === 0),
      );
      expect(`${id} ${zero}`).toBe(`${id} false`);
      expect(row.free === true && row.price !== undefined).toBe(false);
    }
  });
});

test('LiteLLM models are sorted, so that an update is a readable diff', () => {
  const { _meta, ...sections } = JSON.parse(files[1]!.text) as File;
  expect(Object.keys(sections)).toEqual(Object.keys(sections).sort());
  for (const models of Object.values(sections)) {
    expect(Object.keys(models as object)).toEqual(Object.keys(models as object).sort());
  }
});

test('genai.json is what the pinned package says', () => {
  const script = fileURLToPath(path('scripts/prices-snapshot.mjs'));
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
});

test('the table names its sources', () => {
  expect(PriceTable.load().sources.map(({ source }) => source)).toEqual([
    '@pydantic/genai-prices',
    'litellm',
  ]);
});

test('the notice names the authors of the price data', () => {
  const notice = readFileSync(path('NOTICE'), 'utf8');
  for (const { text } of files) {
    const { notice: licence } = (JSON.parse(text) as File)._meta;
    const copyright = /Copyright \(c\).*/.exec(licence)?.[0] ?? 'missing';
    expect(notice).toContain(copyright);
  }
});
