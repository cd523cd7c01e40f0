// @pydantic/genai-prices, from the installed package.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isPlausible, isZero, nonEmpty, pico, withTiers } from './rates.mjs';

const TOKEN_KEYS = {
  input_mtok: 'in',
  output_mtok: 'out',
  cache_read_mtok: 'cr',
  cache_write_mtok: 'cw',
  cache_write_1h_mtok: 'cwl',
  output_reasoning_mtok: 'think',
  input_audio_mtok: 'ain',
  output_audio_mtok: 'aout',
  cache_audio_read_mtok: 'acr',
  input_image_mtok: 'iin',
  output_image_mtok: 'iout',
  cache_image_read_mtok: 'icr',
  input_video_mtok: 'vin',
  output_video_mtok: 'vout',
  output_citation_mtok: 'cite',
};

/** Price, piece, and for how many pieces the price is. */
const PIECE_KEYS = [
  ['audio_hours', 'inputAudioMs', 3600],
  ['input_audio_hours', 'inputAudioMs', 3600],
  ['output_audio_hours', 'outputAudioMs', 3600],
  ['input_mchars', 'characters', 1e6],
  ['input_document_kpages', 'pages', 1e3],
  ['input_annotated_document_kpages', 'annotatedPages', 1e3],
  ['web_searches_kcount', 'webSearches', 1e3],
  ['storage_searches_kcount', 'fileSearches', 1e3],
  ['code_executions_kcount', 'codeSessions', 1e3],
];

const perMillion = (usd) => pico(usd / 1e6);
const base = (value) => (typeof value === 'number' ? value : value.base);

/** One `ModelPrice` of genai-prices as a price record, or null when nothing here has a price. */
function priceOf(source) {
  const rates = {};
  const tiers = new Map();
  for (const [from, to] of Object.entries(TOKEN_KEYS))
    if (source[from] !== undefined) rates[to] = perMillion(base(source[from]));
  const starts = new Set(
    Object.values(source).flatMap((value) => (value.tiers ?? []).map((tier) => tier.start)),
  );
  for (const start of starts) {
    const changed = {};
    for (const [from, to] of Object.entries(TOKEN_KEYS)) {
      // Each rate has tiers of its own: the one in force just above `start` is the last that has begun.
      const begun = (source[from]?.tiers ?? []).filter((tier) => tier.start <= start);
      const last = begun.sort((a, b) => a.start - b.start).at(-1);
      if (last) changed[to] = perMillion(last.price);
    }
    tiers.set(start, changed);
  }
  const price = withTiers(rates, tiers);
  if (source.requests_kcount) price.req = pico(source.requests_kcount / 1000);
  const pieces = {};
  for (const [from, to, per] of PIECE_KEYS)
    if (source[from] !== undefined) pieces[to] = pico(base(source[from]) / per);
  if (nonEmpty(pieces)) price.pieces = pieces;
  return nonEmpty(price) && isPlausible(price) && !isZero(price) ? price : null;
}

const secondsOfDay = (text) => {
  const match = /^(\d\d):(\d\d):(\d\d)Z$/.exec(text);
  if (!match) throw new Error(`a time of day that is not whole seconds of UTC: ${text}`);
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
};

function scheduleOf(prices) {
  if (!Array.isArray(prices)) return priceOf(prices);
  const phases = prices.map(({ constraint, prices: source }) => {
    const price = priceOf(source);
    if (!constraint) return { price };
    if (constraint.type === 'start_date') return { since: constraint.start_date, price };
    return { daily: [secondsOfDay(constraint.start_time), secondsOfDay(constraint.end_time)], price };
  });
  const priced = phases.filter((phase) => phase.price !== null).length;
  if (priced === 0) return null;
  if (priced !== phases.length) throw new Error('a schedule with phases that have no price');
  return phases;
}

/** A match rule: `=exact`, `^prefix`, `$suffix`, `*part`, `/regex`; a list is "any of", `{ all: [] }` is "all of". */
function rule(match) {
  if (match.or) return match.or.flatMap(rule);
  if (match.and) return { all: match.and.map(rule) };
  if (match.regex !== undefined) return `/${match.regex}`;
  if (match.equals !== undefined) return `=${match.equals.toLowerCase()}`;
  if (match.starts_with !== undefined) return `^${match.starts_with.toLowerCase()}`;
  if (match.ends_with !== undefined) return `$${match.ends_with.toLowerCase()}`;
  if (match.contains !== undefined) return `*${match.contains.toLowerCase()}`;
  throw new Error(`an unknown match rule: ${JSON.stringify(match)}`);
}

export async function compileGenai() {
  const { waitForUpdate } = await import('@pydantic/genai-prices');
  const home = dirname(dirname(createRequire(import.meta.url).resolve('@pydantic/genai-prices')));
  const fallback = {};
  const sections = {};
  for (const provider of await waitForUpdate()) {
    if (provider.fallback_model_providers) fallback[provider.id] = provider.fallback_model_providers;
    const rows = {};
    for (const model of provider.models) {
      // Object keys keep the order of the rules, the first match wins; a number as a key would jump the queue.
      if (model.id in rows || /^\d+$/.test(model.id))
        throw new Error(`cannot key ${provider.id}/${model.id}`);
      const price = scheduleOf(model.prices);
      const free = price === null && model.id.endsWith(':free');
      rows[model.id] = {
        match: rule(model.match),
        ...(price ? { price } : {}),
        ...(free ? { free } : {}),
        ...(model.context_window ? { ctx: model.context_window } : {}),
      };
    }
    sections[provider.id] = rows;
  }
  const meta = {
    source: '@pydantic/genai-prices',
    version: JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version,
    licence: 'MIT',
    notice: readFileSync(join(home, 'LICENSE'), 'utf8').trim(),
    fallback,
  };
  return { meta, sections };
}
