// Compiles the two public price tables into the snapshots that ship with the runtime, so that nothing is
// fetched at start and no large module is loaded:
//
//   node scripts/prices-snapshot.mjs            both: core/catalog/prices/{genai,litellm}.json
//   node scripts/prices-snapshot.mjs --genai    only genai.json, from the installed package (no network)
//   node scripts/prices-snapshot.mjs --check    fails if genai.json differs from the installed package
//
// A file holds one line a model, grouped by provider, so that an update reads well as a diff. Rates are
// integer pico-dollars per token ($1 per million tokens = 1,000,000), rounded to the nearest.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const outDir = join(dirname(dirname(fileURLToPath(import.meta.url))), 'core', 'catalog', 'prices');

// Pinned with the hash of the map itself: a wheel is data here (never installed, never run), but a release
// of this package has been tampered with before, and its prices decide what is billed.
const LITELLM = {
  version: '1.109.1',
  sha256: '8f8060d8ce7a40c91b995c74d6a27657543d49e3c1c53430dabd556f244392c6',
};

/** Above this, $1,000 per million tokens, a rate is a slip in the source (a price per thousand, say). */
const IMPLAUSIBLE = 1e9;

const pico = (usdPerToken) => Math.round(usdPerToken * 1e12);
const isRate = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const nonEmpty = (object) => Object.keys(object).length > 0;

/** Rates of `tiers` that differ from `base`; a tier applies to a whole request above that many input tokens. */
function withTiers(base, tiers) {
  const kept = [];
  for (const [above, rates] of [...tiers].sort(([a], [b]) => a - b)) {
    const changed = Object.fromEntries(Object.entries(rates).filter(([key, rate]) => base[key] !== rate));
    // A tier equal to the base still ends the one below it.
    if (nonEmpty(changed) || kept.length > 0) kept.push({ above, ...changed });
  }
  return kept.length > 0 ? { ...base, tiers: kept } : base;
}

const allRates = ({ tiers = [], req: _perRequest, ...base }) =>
  [base, ...tiers.map(({ above: _threshold, ...rates }) => rates)].flatMap(Object.values);
const isPlausible = (price) => allRates(price).every((rate) => rate <= IMPLAUSIBLE);
const isZero = (price) => allRates(price).every((rate) => rate === 0) && !price.req;

// --- genai-prices ---------------------------------------------------------------------------------------

const GENAI_KEYS = {
  input_mtok: 'in',
  output_mtok: 'out',
  cache_read_mtok: 'cr',
  cache_write_mtok: 'cw',
  cache_write_1h_mtok: 'cwl',
  output_reasoning_mtok: 'think',
  input_audio_mtok: 'ain',
  output_audio_mtok: 'aout',
  cache_audio_read_mtok: 'acr',
};

const perMillion = (usd) => pico(usd / 1e6);

/** One `ModelPrice` of genai-prices as a price record, or null when its tokens have no price. */
function genaiPrice(source) {
  const base = {};
  const tiers = new Map();
  for (const [from, to] of Object.entries(GENAI_KEYS)) {
    const value = source[from];
    if (value === undefined) continue;
    base[to] = perMillion(typeof value === 'number' ? value : value.base);
  }
  if (!('in' in base || 'out' in base)) return null;
  const starts = new Set(
    Object.values(source).flatMap((value) => (value.tiers ?? []).map((tier) => tier.start)),
  );
  for (const start of starts) {
    const rates = {};
    for (const [from, to] of Object.entries(GENAI_KEYS)) {
      // Each rate has tiers of its own: the one in force just above `start` is the last that has begun.
      const begun = (source[from]?.tiers ?? []).filter((tier) => tier.start <= start);
      const last = begun.sort((a, b) => a.start - b.start).at(-1);
      if (last) rates[to] = perMillion(last.price);
    }
    tiers.set(start, rates);
  }
  if (source.requests_kcount) base.req = pico(source.requests_kcount / 1000);
  const price = withTiers(base, tiers);
  return isPlausible(price) && !isZero(price) ? price : null;
}

const secondsOfDay = (text) => {
  const match = /^(\d\d):(\d\d):(\d\d)Z$/.exec(text);
  if (!match) throw new Error(`a time of day that is not whole seconds of UTC: ${text}`);
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
};

function genaiSchedule(prices) {
  if (!Array.isArray(prices)) return genaiPrice(prices);
  const phases = prices.map(({ constraint, prices: source }) => {
    const price = genaiPrice(source);
    if (!constraint) return { price };
    if (constraint.type === 'start_date') return { since: constraint.start_date, price };
    return { daily: [secondsOfDay(constraint.start_time), secondsOfDay(constraint.end_time)], price };
  });
  const priced = phases.filter((phase) => phase.price !== null).length;
  if (priced === 0) return null;
  if (priced !== phases.length) throw new Error('a schedule with phases that have no token price');
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

async function compileGenai() {
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
      const price = genaiSchedule(model.prices);
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

// --- LiteLLM --------------------------------------------------------------------------------------------

const LITELLM_KEYS = {
  input_cost_per_token: 'in',
  output_cost_per_token: 'out',
  cache_read_input_token_cost: 'cr',
  cache_creation_input_token_cost: 'cw',
  cache_creation_input_token_cost_above_1hr: 'cwl',
  output_cost_per_reasoning_token: 'think',
  input_cost_per_audio_token: 'ain',
  output_cost_per_audio_token: 'aout',
  cache_read_input_audio_token_cost: 'acr',
};
const ABOVE = new RegExp(`^(${Object.keys(LITELLM_KEYS).join('|')})_above_(\\d+)(k?)_tokens$`);
const MODES = new Set(['chat', 'responses', 'completion', 'embedding', 'moderation', 'realtime', 'rerank']);
const GENERATIVE = new Set(['chat', 'responses', 'completion', 'realtime']);
const MERGED = { bedrock_converse: 'bedrock', cohere_chat: 'cohere', 'text-completion-openai': 'openai' };

const rates = (source) =>
  Object.fromEntries(
    Object.entries(LITELLM_KEYS)
      .filter(([from]) => isRate(source[from]))
      .map(([from, to]) => [to, pico(source[from])]),
  );

/** `tiered_pricing`: a tier names all its rates, and what it leaves out costs what its input costs. */
function rangedPrice(list, output) {
  const spelled = list
    .filter((tier) => Array.isArray(tier.range) && isRate(tier.input_cost_per_token))
    .sort((a, b) => a.range[0] - b.range[0])
    .map((tier) => {
      const own = { out: output, ...rates(tier) };
      return [tier.range[0], { cr: own.in, cw: own.in, think: own.out, ...own }];
    });
  return spelled.length > 0 ? withTiers(spelled[0][1], spelled.slice(1)) : null;
}

function litellmPrice(entry, provider) {
  const base = rates(entry);
  if (entry.tiered_pricing) return rangedPrice(entry.tiered_pricing, base.out ?? 0);
  if (!('in' in base || 'out' in base)) return null;
  const tiers = new Map();
  for (const [key, value] of Object.entries(entry)) {
    const match = ABOVE.exec(key);
    if (!match || !isRate(value)) continue;
    // xAI bills the higher rate from the threshold on, the others beyond it.
    const above = Number(match[2]) * (match[3] ? 1000 : 1) - (provider === 'xai' ? 1 : 0);
    tiers.set(above, { ...tiers.get(above), [LITELLM_KEYS[match[1]]]: pico(value) });
  }
  if (isRate(entry.input_cost_per_request)) base.req = pico(entry.input_cost_per_request);
  // A rate that starts at a lower tier stays in force in the higher ones unless those set it again.
  let running = {};
  const ordered = [...tiers]
    .sort(([a], [b]) => a - b)
    .map(([above, own]) => [above, (running = { ...running, ...own })]);
  return withTiers(base, ordered);
}

function compileLitellm(map) {
  const sections = {};
  const fromPrefixed = new Set();
  for (const [key, entry] of Object.entries(map)) {
    const named = entry.litellm_provider;
    if (key === 'sample_spec' || typeof named !== 'string' || !MODES.has(entry.mode)) continue;
    const provider =
      MERGED[named] ??
      (named.startsWith('vertex_ai') ? 'vertex_ai' : named.replace(/-embedding-models$/, ''));
    let price = litellmPrice(entry, provider);
    // The source writes zero both for "free" and for "not known" (it does so for models billed by the hour).
    if (price && (isZero(price) || !isPlausible(price))) price = null;
    // A chat model with only half a price bills the other half by the second or the picture.
    if (price && GENERATIVE.has(entry.mode) && !('in' in price && 'out' in price)) price = null;
    const free = price === null && /[:-]free$/.test(key);
    const row = {
      ...(price ? { price } : {}),
      ...(free ? { free } : {}),
      ...(isRate(entry.max_input_tokens) && entry.max_input_tokens > 0
        ? { ctx: entry.max_input_tokens }
        : {}),
      ...(isRate(entry.max_output_tokens) && entry.max_output_tokens > 0
        ? { max: entry.max_output_tokens }
        : {}),
    };
    if (!nonEmpty(row)) continue;
    const prefixed = key.startsWith(`${provider}/`);
    const model = (prefixed ? key.slice(provider.length + 1) : key).toLowerCase();
    const id = `${provider}/${model}`;
    // Some models stand twice, as `name` and as `provider/name`: the qualified one is the deliberate one.
    if (fromPrefixed.has(id)) continue;
    if (prefixed) fromPrefixed.add(id);
    (sections[provider] ??= {})[model] = row;
  }
  return sections;
}

function downloadLitellm() {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-prices-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', dir];
    execFileSync('python3', [...pip, `litellm==${LITELLM.version}`], { stdio: 'inherit' });
    const wheel = readdirSync(dir).find((name) => name.endsWith('.whl'));
    execFileSync('python3', ['-m', 'zipfile', '-e', join(dir, wheel), join(dir, 'wheel')]);
    const map = readFileSync(join(dir, 'wheel', 'litellm', 'model_prices_and_context_window_backup.json'));
    const found = createHash('sha256').update(map).digest('hex');
    if (found !== LITELLM.sha256)
      throw new Error(`the price map of litellm ${LITELLM.version} hashes to ${found}`);
    const licence = join(dir, 'wheel', `litellm-${LITELLM.version}.dist-info`, 'licenses', 'LICENSE');
    const meta = {
      source: 'litellm',
      version: LITELLM.version,
      sha256: found,
      licence: 'MIT',
      notice: readFileSync(licence, 'utf8').trim(),
    };
    return { meta, sections: compileLitellm(JSON.parse(map.toString('utf8'))) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

// --- files ----------------------------------------------------------------------------------------------

/** Sections and, where their order means nothing, models are sorted; a section starts and ends on lines of its own. */
function serialise({ meta, sections }, taken, sortModels) {
  const parts = [`"_meta":${JSON.stringify({ ...meta, taken })}`];
  for (const provider of Object.keys(sections).sort()) {
    const models = Object.entries(sections[provider]);
    if (sortModels) models.sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = models.map(([model, row]) => `${JSON.stringify(model)}:${JSON.stringify(row)}`);
    parts.push(`${JSON.stringify(provider)}:{\n${lines.join(',\n')}\n}`);
  }
  return `{\n${parts.join(',\n')}\n}\n`;
}

const genaiFile = join(outDir, 'genai.json');
const today = new Date().toISOString().slice(0, 10);
const [mode] = process.argv.slice(2);
if (mode === '--check') {
  const committed = readFileSync(genaiFile, 'utf8');
  const fresh = serialise(await compileGenai(), JSON.parse(committed)._meta.taken, false);
  if (fresh !== committed) {
    console.error(
      'core/catalog/prices/genai.json is not what the installed package says: run node scripts/prices-snapshot.mjs',
    );
    process.exit(1);
  }
} else {
  writeFileSync(genaiFile, serialise(await compileGenai(), today, false));
  if (mode !== '--genai')
    writeFileSync(join(outDir, 'litellm.json'), serialise(downloadLitellm(), today, true));
}
