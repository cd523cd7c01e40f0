// LiteLLM's price map as sections of rows, by provider and model.
import { capabilityLetters } from './capabilities.mjs';
import { splitVariant, variantRate } from './litellm-pieces.mjs';
import { litellmPrice } from './litellm-price.mjs';
import { isPlausible, isRate, isZero, nonEmpty } from './rates.mjs';

/** What the map calls a mode, and what it is here; chats have none. */
const MODES = {
  chat: null,
  responses: null,
  completion: 'completion',
  embedding: 'embedding',
  moderation: 'moderation',
  realtime: 'realtime',
  rerank: 'rerank',
  image_generation: 'image',
  image_edit: 'image',
  audio_transcription: 'transcription',
  audio_speech: 'speech',
  video_generation: 'video',
  ocr: 'ocr',
};
const GENERATIVE = new Set(['chat', 'responses', 'completion', 'realtime']);
const PICTURES = new Set(['image_generation', 'image_edit']);
const MERGED = { bedrock_converse: 'bedrock', cohere_chat: 'cohere', 'text-completion-openai': 'openai' };
/** Variants of a picture that stand for it when a request says neither quality nor size. */
const USUAL = ['1024x1024', 'high/1024x1024', 'standard/1024x1024', 'medium/1024x1024'];

const isSize = (value) => isRate(value) && value > 0;

function providerOf(named) {
  if (named.startsWith('vertex_ai')) return 'vertex_ai';
  return MERGED[named] ?? named.replace(/-embedding-models$/, '');
}

/** The entry's price, or null when it has none that can be relied on. */
function reliable(entry, provider) {
  const price = litellmPrice(entry, provider);
  const tokens = 'in' in price || 'out' in price || 'iout' in price;
  if (!tokens && price.pieces === undefined && price.variants === undefined) return null;
  // The source writes zero both for "free" and for "not known" (it does so for models billed by the hour).
  if (isZero(price) || !isPlausible(price)) return null;
  // A chat model with only half a price bills the other half by the second or the picture.
  if (GENERATIVE.has(entry.mode) && !('in' in price && 'out' in price)) return null;
  return price;
}

function rowOf(key, entry, provider) {
  const price = reliable(entry, provider);
  const free = price === null && /[:-]free$/.test(key);
  const can = capabilityLetters(entry);
  const mode = MODES[entry.mode];
  return {
    ...(price ? { price: { ...price, ...factorsOf(entry, provider) } } : {}),
    ...(free ? { free } : {}),
    ...(isSize(entry.max_input_tokens) ? { ctx: entry.max_input_tokens } : {}),
    ...(isSize(entry.max_output_tokens) ? { max: entry.max_output_tokens } : {}),
    ...(can === '' ? {} : { can }),
    ...(mode === null ? {} : { mode }),
  };
}

/** What LiteLLM multiplies the price of an answer with, in thousandths: `{ us: 1.1, fast: 2 }`. */
function factorsOf(entry, provider) {
  const said = provider === 'anthropic' ? (entry.provider_specific_entry ?? {}) : {};
  const factors = Object.entries(said).filter(([, by]) => typeof by === 'number' && by > 1 && by < 100);
  return factors.length === 0
    ? {}
    : { factors: Object.fromEntries(factors.map(([name, by]) => [name, Math.round(by * 1000)])) };
}

/** Adds the price of one quality and size to its model's row. */
function addVariant(rows, { model, variant }, entry) {
  const rate = variantRate(entry, variant);
  if (rate === undefined || rate === 0) return;
  const row = (rows[model] ??= { mode: 'image' });
  row.price ??= {};
  row.price.variants = { ...row.price.variants, [variant]: { images: rate } };
}

function settleUsual(rows) {
  for (const { price } of Object.values(rows)) {
    const variants = price?.variants;
    if (variants === undefined || price.pieces?.images !== undefined) continue;
    const usual = USUAL.find((name) => variants[name]?.images) ?? Object.keys(variants)[0];
    if (variants[usual].images) price.pieces = { ...price.pieces, images: variants[usual].images };
  }
}

export function compileLitellm(map) {
  const sections = {};
  const fromPrefixed = new Set();
  const variants = [];
  for (const [key, raw] of Object.entries(map)) {
    const named = raw.litellm_provider;
    if (key === 'sample_spec' || typeof named !== 'string' || !(raw.mode in MODES)) continue;
    const entry = { ...raw, name: key };
    const provider = providerOf(named);
    const prefixed = key.startsWith(`${provider}/`);
    const name = (prefixed ? key.slice(provider.length + 1) : key).toLowerCase();
    const rows = (sections[provider] ??= {});
    const split = PICTURES.has(raw.mode) ? splitVariant(name, provider) : { model: name, variant: '' };
    if (split === null) continue;
    if (split.variant !== '') {
      variants.push([rows, split, entry]);
      continue;
    }
    const row = rowOf(key, entry, provider);
    if (!nonEmpty(row) || (Object.keys(row).length === 1 && row.mode !== undefined)) continue;
    const id = `${provider}/${name}`;
    // Some models stand twice, as `name` and as `provider/name`: the qualified one is the deliberate one.
    if (fromPrefixed.has(id)) continue;
    if (prefixed) fromPrefixed.add(id);
    rows[name] = row;
  }
  for (const [rows, split, entry] of variants) addVariant(rows, split, entry);
  for (const rows of Object.values(sections)) settleUsual(rows);
  return Object.fromEntries(Object.entries(sections).filter(([, rows]) => nonEmpty(rows)));
}
