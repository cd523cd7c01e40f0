import type { Usage, UsageUnits } from '@headgate/sdk';
import type { CostLine } from './cost-lines.js';
import { PIECE_UNITS, type PieceRates, type PieceUnit } from './price-row.js';
import type { ModelPrice, PriceList } from './rates.js';

/** The most that one line may come to, pico-dollars: $10,000. A provider's slip must not make a sum inexact. */
const MOST = 1e16;

/** Pieces that are the answer or the prompt itself: they are billed in place of its tokens, never beside them. */
const INSTEAD_OF_TOKENS = ['images', 'inputAudioMs', 'outputAudioMs', 'videoMs', 'characters'] as const;

/** Pieces that come on top of whatever tokens there were: what the provider did besides. */
const BESIDE_TOKENS = [
  'pages',
  'annotatedPages',
  'searchUnits',
  'webSearches',
  'groundings',
  'fileSearches',
  'mapSearches',
  'codeSessions',
] as const;

/** The lines of what an answer used by the piece, at the rates of its variant where it has some of its own. */
export function pieceLines(price: ModelPrice, list: PriceList, usage: Usage): CostLine[] {
  const { units = {} } = usage;
  const rates = ratesOf(price, list, units.variant);
  if (rates === null) return [];
  const byTokens = price.perToken && (usage.inputTokens > 0 || usage.outputTokens > 0);
  const lines: CostLine[] = [];
  const add = (kind: PieceUnit, count: number | undefined): void => {
    const rate = rates[kind];
    if (rate !== undefined && count !== undefined) lines.push(lineOf(kind, count, rate));
  };
  if (!byTokens) for (const kind of INSTEAD_OF_TOKENS) add(kind, units[kind]);
  for (const kind of BESIDE_TOKENS) add(kind, countOf(kind, units));
  return lines;
}

/** An annotated page costs its own rate in place of a plain one's, and a grounding is the first of all web searches. */
function countOf(kind: (typeof BESIDE_TOKENS)[number], units: UsageUnits): number | undefined {
  if (kind === 'groundings') return Math.min(1, units.webSearches ?? 0);
  if (kind === 'pages') return Math.max(0, (units.pages ?? 0) - (units.annotatedPages ?? 0));
  return units[kind];
}

function lineOf(kind: PieceUnit, reported: number, rate: number): CostLine {
  const per = PIECE_UNITS[kind];
  const most = rate > 0 ? Math.floor((MOST / rate) * per) : 0;
  const count = reported > 0 ? Math.floor(Math.min(reported, most)) : 0;
  return { kind, count, rate, per };
}

/** Rates of `high/1024x1024`, else of its size, else of its quality, else those that hold for all. */
function ratesOf(price: ModelPrice, list: PriceList, variant: string | undefined): PieceRates | null {
  const { variants } = price;
  if (variants === null || variant === undefined) return list.pieces;
  const [first = '', ...more] = variant.split('/');
  const found = variants.get(variant) ?? variants.get(more.join('/')) ?? variants.get(first);
  return found === undefined ? list.pieces : { ...list.pieces, ...found };
}
