// The price of one entry of LiteLLM's map, as its own cost calculator reads it.
import { litellmPieces } from './litellm-pieces.mjs';
import { isRate, nonEmpty, pico, withTiers } from './rates.mjs';

const TOKEN_KEYS = {
  input_cost_per_token: 'in',
  output_cost_per_token: 'out',
  cache_read_input_token_cost: 'cr',
  cache_creation_input_token_cost: 'cw',
  cache_creation_input_token_cost_above_1hr: 'cwl',
  output_cost_per_reasoning_token: 'think',
  input_cost_per_audio_token: 'ain',
  output_cost_per_audio_token: 'aout',
  cache_read_input_audio_token_cost: 'acr',
  input_cost_per_image_token: 'iin',
  output_cost_per_image_token: 'iout',
  cache_read_input_image_token_cost: 'icr',
  input_cost_per_video_token: 'vin',
  output_cost_per_video_token: 'vout',
  citation_cost_per_token: 'cite',
};
const NAMES = Object.keys(TOKEN_KEYS).join('|');
/** Suffix in the map and name of the price list here. Batches are read by rules of their own. */
const SERVICES = { flex: 'flex', priority: 'priority', balanced: 'balanced', ultrafast: 'ultrafast' };

/** Rates whose names end in `suffix`: `''`, `_flex`, … */
const ratesOf = (source, suffix = '') =>
  Object.fromEntries(
    Object.entries(TOKEN_KEYS)
      .filter(([from]) => isRate(source[from + suffix]))
      .map(([from, to]) => [to, pico(source[from + suffix])]),
  );

/** Rates of longer requests, by threshold: `…_above_272k_tokens_flex`. */
function tiersOf(entry, provider, suffix = '') {
  const above = new RegExp(`^(${NAMES})_above_(\\d+)(k?)_tokens${suffix}$`);
  const tiers = new Map();
  for (const [key, value] of Object.entries(entry)) {
    const match = above.exec(key);
    if (!match || !isRate(value)) continue;
    // xAI bills the higher rate from the threshold on, the others beyond it.
    const threshold = Number(match[2]) * (match[3] ? 1000 : 1) - (provider === 'xai' ? 1 : 0);
    tiers.set(threshold, { ...tiers.get(threshold), [TOKEN_KEYS[match[1]]]: pico(value) });
  }
  return tiers;
}

/** A rate that starts at a lower tier stays in force in the higher ones unless those set it again. */
function running(tiers) {
  let rates = {};
  return [...tiers].sort(([a], [b]) => a - b).map(([above, own]) => [above, (rates = { ...rates, ...own })]);
}

/** `tiered_pricing`: a tier names all its rates, and what it leaves out costs what its input costs. */
function rangedPrice(list, output) {
  const spelled = list
    .filter((tier) => Array.isArray(tier.range) && isRate(tier.input_cost_per_token))
    .sort((a, b) => a.range[0] - b.range[0])
    .map((tier) => {
      const own = { out: output, ...ratesOf(tier) };
      return [tier.range[0], { cr: own.in, cw: own.in, think: own.out, ...own }];
    });
  return spelled.length > 0 ? withTiers(spelled[0][1], spelled.slice(1)) : {};
}

/** A price list such as `flex`: what it does not name costs what it does in the standard one. */
function serviceList(entry, provider, base, suffix) {
  const own = ratesOf(entry, suffix);
  if (!nonEmpty(own)) return null;
  // Reasoning costs what output does as soon as the list has an output rate of its own.
  const follows = own.out !== undefined && own.think === undefined && base.think !== undefined;
  const list = follows ? { ...own, think: own.out } : own;
  const standard = tiersOf(entry, provider);
  const special = tiersOf(entry, provider, suffix);
  if (standard.size + special.size === 0) return list;
  const merged = new Map();
  for (const above of [...standard.keys(), ...special.keys()])
    merged.set(above, { ...standard.get(above), ...special.get(above) });
  const tiers = running(merged).map(([above, rates]) => [
    above,
    follows && rates.out !== undefined ? { ...rates, think: rates.out } : rates,
  ]);
  return { ...withTiers({ ...base, ...list }, tiers), ...list };
}

/** Batches: what has no rate of its own costs what input, or output, costs in them. */
function batchList(entry, provider, base) {
  const own = ratesOf(entry, '_batches');
  if (own.in === undefined && own.out === undefined) return null;
  const half = (rate) => (rate === undefined ? undefined : Math.round(rate / 2));
  const input = own.in ?? half(base.in) ?? 0;
  const image = own.iout ?? half(base.iout);
  const output = own.out ?? half(base.out) ?? image ?? 0;
  const cr = own.cr ?? input;
  const cw = own.cw ?? input;
  const list = {
    in: input,
    out: output,
    cr,
    cw,
    cwl: own.cwl ?? cw,
    think: output,
    ain: own.ain ?? input,
    aout: output,
    acr: own.acr ?? cr,
    iin: own.iin ?? input,
    ...(image === undefined ? {} : { iout: image }),
    vin: own.vin ?? input,
  };
  const tiers = running(tiersOf(entry, provider, '_batches')).map(([above, rates]) => [
    above,
    // Without a rate of their own these follow input and output, here as at the base.
    {
      ...rates,
      ...(own.cr === undefined && rates.in !== undefined ? { cr: rates.cr ?? rates.in } : {}),
      ...(own.cw === undefined && rates.in !== undefined ? { cw: rates.cw ?? rates.in } : {}),
      ...(rates.cw !== undefined && own.cwl === undefined ? { cwl: rates.cwl ?? rates.cw } : {}),
      ...(rates.out === undefined ? {} : { think: rates.out, aout: rates.out }),
    },
  ]);
  const spelled = withTiers(list, tiers);
  // An empty list says that tiers of the standard price do not hold.
  const none = base.tiers === undefined ? {} : { tiers: [] };
  return { ...none, ...withoutFallbacks(spelled, base) };
}

/** What a rate is when neither the list nor the standard one names it, as core/catalog/prices/rates.ts has it. */
const FALLBACKS = {
  cr: 'in',
  cw: 'in',
  cwl: 'cw',
  think: 'out',
  ain: 'in',
  aout: 'out',
  acr: 'cr',
  iin: 'in',
  vin: 'in',
};

const withoutFallbacks = (list, base) =>
  Object.fromEntries(
    Object.entries(list).filter(
      ([key, rate]) => !(key in FALLBACKS) || key in base || rate !== list[FALLBACKS[key]],
    ),
  );

/** Everything that an entry says of prices, as a price record; empty when it says nothing. */
export function litellmPrice(entry, provider) {
  const own = ratesOf(entry);
  // A zero beside a rate for pictures says that all output is pictures.
  if (own.out === 0 && own.iout > 0) delete own.out;
  const ranged = entry.tiered_pricing ? rangedPrice(entry.tiered_pricing, own.out ?? 0) : null;
  const price = ranged ?? withTiers(own, running(tiersOf(entry, provider)));
  if (isRate(entry.input_cost_per_request)) price.req = pico(entry.input_cost_per_request);
  const services = {};
  if (ranged === null) {
    for (const [suffix, name] of Object.entries(SERVICES)) {
      const list = serviceList(entry, provider, own, `_${suffix}`);
      if (list !== null) services[name] = list;
    }
    const batch = batchList(entry, provider, price);
    if (batch !== null) services.batch = batch;
  }
  const { pieces, variants, batchPieces } = litellmPieces(entry, provider);
  if (nonEmpty(pieces)) price.pieces = pieces;
  if (nonEmpty(variants)) price.variants = variants;
  if (nonEmpty(batchPieces)) services.batch = { ...services.batch, pieces: batchPieces };
  if (nonEmpty(services)) price.services = services;
  return price;
}
