// Puts what a process loads into a few files. Every module costs each I/O thread some 15 KB and the start about a
// millisecond, and there are more than 600 of ours. What is loaded on demand stays in files of its own, and so do
// dependencies, which audits look for in node_modules: but for Kysely, whose 300 files made a first start a quarter of a second longer.
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';

/** By the name that `new URL('./name', import.meta.url)` asks for, if a thread starts there. */
const entries = {
  headgate: 'bin/headgate.ts',
  library: 'bin/library.ts',
  'ledger-thread': 'core/store/ledger-thread.ts',
  'sqlite-thread': 'core/store/sql/sqlite-thread.ts',
  entry: 'workers/entry.ts',
};

/** Files read at run time, which must be found beside the code as it is before bundling. */
const data = [
  'dist/core/catalog/prices/genai.json',
  'dist/core/catalog/prices/litellm.json',
  'dist/plugins/providers/catalog.json',
];

/** @param {string} root the checkout. Does nothing when no source is newer than what is there. */
export async function bundle(root) {
  const folder = join(root, 'dist', 'bin');
  const written = join(folder, 'headgate.js');
  const sources = ['bin', 'core', 'plugins', 'workers'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, part, name)),
  );
  const inputs = [...sources, ...data.map((file) => join(root, file)), import.meta.filename];
  if (existsSync(written) && inputs.every((file) => statSync(file).mtimeMs <= statSync(written).mtimeMs))
    return;

  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)])),
    platform: 'node',
    tsconfig: false,
    external: (id) => !/^[./\0]/.test(id) && id !== 'kysely',
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (/\.js(\.map)?$/.test(name)) rmSync(join(folder, name));
  }
  await build.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    comments: { annotation: true, jsdoc: false, legal: true },
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    const file = join(folder, name);
    writeFileSync(file, ascii(readFileSync(file, 'utf8')));
  }
  for (const file of data) copyFileSync(join(root, file), join(folder, basename(file)));
}

/**
 * V8 keeps the source of what it loads, with two bytes a character if one of them is not Latin-1: a single curly quote would
 * double a megabyte. Our code has such characters in strings, templates, expressions and comments only, where escapes mean
 * the same. As many lines as before, so that source maps still lead to them.
 */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
