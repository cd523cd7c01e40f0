import { readFileSync } from 'node:fs';

/** The version of this program; `unknown` where its package is not beside it. */
export function version(): string {
  // From dist/bin and from bin alike, the package is two levels up at most.
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'headgate' && found.version !== undefined) return found.version;
    } catch {
      // Not there: the other one is.
    }
  }
  return 'unknown';
}
