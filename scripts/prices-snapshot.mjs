// Compiles the two public price tables into the snapshots that ship with the runtime, so that nothing is
// fetched at start and no large module is loaded:
//
//   node scripts/prices-snapshot.mjs            both: core/catalog/prices/{genai,litellm}.json
//   node scripts/prices-snapshot.mjs --genai    only genai.json, from the installed package (no network)
//   node scripts/prices-snapshot.mjs --check    fails if genai.json differs from the installed package
//
// A file holds one line a model, grouped by provider, so that an update reads well as a diff. Rates are
// integer pico-dollars ($1 per million tokens = 1,000,000), rounded to the nearest; docs/prices.md has more.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileGenai } from './prices/genai.mjs';
import { compileLitellm } from './prices/litellm.mjs';
import { LITELLM, readPriceMap } from './prices/litellm-wheel.mjs';

const outDir = join(dirname(dirname(fileURLToPath(import.meta.url))), 'core', 'catalog', 'prices');

function litellm() {
  const { map, licence } = readPriceMap();
  const meta = { source: 'litellm', ...LITELLM, licence: 'MIT', notice: licence };
  return { meta, sections: compileLitellm(map) };
}

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
  if (mode !== '--genai') writeFileSync(join(outDir, 'litellm.json'), serialise(litellm(), today, true));
}
