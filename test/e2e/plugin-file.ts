import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A module with a plugin of this test's own, gone when it is over. `members` is the text of the plugin's members. */
export function pluginFile(members: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-plugin-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'planted.mjs');
  const needs = `{ request: 'head', response: 'none' }`;
  writeFileSync(
    path,
    `export default { sdk: 1, name: 'planted', version: '1.0.0', needs: ${needs}, ${members} };\n`,
  );
  return path;
}
