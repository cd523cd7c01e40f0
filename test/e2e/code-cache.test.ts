import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = dirname(fileURLToPath(new URL('../../dist/bin/headgate.js', import.meta.url)));

/** A cache that V8 does not take costs nothing but what it was for: nobody would notice. */
it('what V8 made of the bundle at the build is taken at a start, of every file', () => {
  const program = `
    const { compiled } = require(${JSON.stringify(join(folder, 'load.cjs'))});
    const { join } = require('node:path');
    const files = process.argv.slice(1);
    console.log(files.filter((file) => compiled(file).cachedDataRejected !== false).join());
  `;
  const files = readdirSync(folder).filter((name) => name.endsWith('.cjs') && name !== 'load.cjs');
  expect(files.length).toBeGreaterThan(20);
  const paths = files.map((name) => join(folder, name));
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program, ...paths], { encoding: 'utf8' });
  expect([stdout.trim(), stderr]).toEqual(['', '']);
});
