import { modelJson } from '../core/admin/models.js';
import { type CatalogModel, catalogModels } from '../core/catalog/model-catalog.js';
import { priceOptions } from '../core/catalog/price-options.js';
import { priceView } from '../core/catalog/price-view.js';
import { PriceTable } from '../core/catalog/prices/price-table.js';
import { patternMatcher } from '../core/route/pattern.js';
import { type Flags, UsageError } from './flags.js';
import { loadSettings } from './settings.js';

/** `headgate models [PATTERN]`: what requests can name, and what it costs. `*` stands for any text. */
export async function modelsCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  const [pattern, ...more] = words;
  if (more.length > 0) throw new UsageError('give one pattern, such as "openai/*"');
  const { config } = await loadSettings(flags);
  const fits =
    pattern === undefined ? () => true : patternMatcher([pattern.includes('*') ? pattern : `*${pattern}*`]);
  const models = [...catalogModels(config, PriceTable.load().with(priceOptions(config)))].filter(
    ({ id, model }) => fits(id) || fits(model),
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify(models.map(modelJson), null, 2)}\n`);
  else process.stdout.write(`${modelTable(models)}\n`);
}

/** For people, one line each. */
function modelTable(models: readonly CatalogModel[]): string {
  if (models.length === 0) return 'no such model; only those of providers that are set up are listed';
  const rows = models.map((model) => [
    model.id,
    String(model.contextWindow ?? ''),
    String(model.maxOutputTokens ?? ''),
    priceText(model),
    (model.capabilities ?? []).join(' '),
  ]);
  const all = [['model', 'context', 'output', 'US dollars', 'can'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', `${models.length} models; prices of tokens are per million, input / output`].join(
    '\n',
  );
}

function priceText({ price, unpriced }: CatalogModel): string {
  if (price === null) return unpriced === 'deny' ? 'unknown, refused' : 'unknown';
  if (price.free) return 'free';
  const view = priceView(price);
  const { input_per_million_usd: input, output_per_million_usd: output } = view;
  const parts = input === undefined ? [] : [`${input} / ${output ?? 0}`];
  if (price.tiers !== null && price.tiers.length > 0) parts.push('more when long');
  // Of what is billed by the token, pieces say little.
  if (!price.perToken) {
    for (const [name, usd] of Object.entries(view))
      if (typeof usd === 'number') parts.push(`${usd} a ${name.replace(/_usd$/, '').replaceAll('_', ' ')}`);
  }
  return parts.join(', ');
}
