// What LiteLLM's own calculator makes of the worked examples in test/prices/fixtures/litellm-cases.json:
//
//   node scripts/prices-expected.mjs            writes test/prices/fixtures/litellm-expected.json
//   node scripts/prices-expected.mjs --check    fails if that file is not what the calculator says now
//
// Needs Python 3 with venv and pip: the pinned release is installed into an environment that is thrown away. With
// LITELLM_PYTHON=/path/to/python, one that has the release already is used.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LITELLM } from './prices/litellm-wheel.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const fixtures = join(here, '..', 'test', 'prices', 'fixtures');
const cases = readFileSync(join(fixtures, 'litellm-cases.json'), 'utf8');
const file = join(fixtures, 'litellm-expected.json');

function calculate(python) {
  const script = join(here, 'prices', 'litellm_expected.py');
  return JSON.parse(execFileSync(python, [script], { input: cases, encoding: 'utf8', maxBuffer: 1e8 }));
}

function inNewEnvironment() {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-litellm-'));
  try {
    execFileSync('python3', ['-m', 'venv', dir], { stdio: 'inherit' });
    const python = join(dir, 'bin', 'python');
    const install = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', `litellm==${LITELLM.version}`];
    execFileSync(python, install, { stdio: 'inherit' });
    return calculate(python);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const named = process.env.LITELLM_PYTHON;
const costs = named ? calculate(named) : inNewEnvironment();
const text = `${JSON.stringify({ version: LITELLM.version, usd: costs }, null, 1)}\n`;
if (process.argv[2] !== '--check') writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is not what litellm ${LITELLM.version} says: run node scripts/prices-expected.mjs`);
  process.exit(1);
} else console.log(`${costs.length} costs are what litellm ${LITELLM.version} says`);
