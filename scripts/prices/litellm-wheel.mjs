// The pinned release of LiteLLM, as data: its wheel is downloaded and unpacked, never installed, never run.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Pinned with the hash of the map itself: a release of this package has been tampered with before, and its prices
// decide what is billed.
export const LITELLM = {
  version: '1.109.1',
  sha256: '8f8060d8ce7a40c91b995c74d6a27657543d49e3c1c53430dabd556f244392c6',
};

/** The price map, checked against its hash, and the licence that comes with it. */
export function readPriceMap() {
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
    return { map: JSON.parse(map.toString('utf8')), licence: readFileSync(licence, 'utf8').trim() };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
