// Puts what a process loads into a few files, ours and those of most dependencies. Every module costs each I/O thread some 15 KB and
// the start about a millisecond, and there are more than 600 of ours and 500 of theirs. What is loaded on demand stays in files of
// its own. See docs/adr/0017-a-process-loads-few-files.md.
import { spawnSync } from 'node:child_process';
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
  'sink-thread': 'bin/sink-thread.ts',
  entry: 'workers/entry.ts',
};

/** What is not put into the bundle: native code and what brings some, what has threads of its own, and what is large and rarely used. */
const outside =
  /^(node:|libsql$|uWebSockets\.js$|msgpackr-extract$|piscina$|kafkajs$|nats$|gpt-tokenizer|quickjs-emscripten-core$|@jitl\/|@aws-sdk\/|bufferutil$|utf-8-validate$|pg-native$)/;

/** Parts of dependencies that nobody asks for, but that load half of Node.js. */
const unused = {
  name: 'unused',
  load: (id) =>
    /prom-client\/lib\/(pushgateway|cluster)\.js$/.test(id) ? 'module.exports = class {};' : null,
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
  const sources = ['bin', 'core', 'plugins', 'workers', 'sdk-plugin/src'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, part, name)),
  );
  const beside = [
    'package-lock.json',
    'scripts/bundle.mjs',
    'scripts/bundle-loader.cjs',
    'scripts/code-cache.mjs',
  ];
  const inputs = [...sources, ...[...data, ...beside].map((file) => join(root, file))];
  if (existsSync(written) && inputs.every((file) => statSync(file).mtimeMs <= statSync(written).mtimeMs))
    return;

  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)])),
    platform: 'node',
    tsconfig: false,
    external: (id) => outside.test(id),
    plugins: [unused],
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (/\.c?js(\.map|\.cache)?$/.test(name)) rmSync(join(folder, name));
  }
  const { output } = await build.write({
    dir: folder,
    format: 'cjs',
    exports: 'named',
    sourcemap: true,
    comments: { annotation: true, jsdoc: false, legal: true },
    entryFileNames: '[name].main.cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await build.close();
  for (const { fileName, type } of output) {
    if (type !== 'chunk') continue;
    const file = join(folder, fileName);
    writeFileSync(file, ascii(readFileSync(file, 'utf8')).replace(/(?<![.\w])import\(/g, 'importOutside('));
  }
  copyFileSync(join(root, 'scripts', 'bundle-loader.cjs'), join(folder, 'load.cjs'));
  for (const { fileName, name, exports } of output.filter(({ isEntry }) => isEntry))
    writeFileSync(join(folder, `${name}.js`), stub(fileName, name, exports));
  for (const file of data) copyFileSync(join(root, file), join(folder, basename(file)));
  // In a process of its own, as a start is.
  const kept = spawnSync(process.execPath, [join(root, 'scripts', 'code-cache.mjs')], { stdio: 'inherit' });
  if (kept.status !== 0) {
    // So that the next build does not take this one for whole.
    rmSync(written);
    throw new Error('the gateway that was built does not start');
  }
}

/**
 * V8 keeps the source of what it loads, with two bytes a character if one of them is not Latin-1: a single curly quote would
 * double a megabyte. Our code has such characters in strings, templates, expressions and comments only, where escapes mean
 * the same. As many lines as before, so that source maps still lead to them.
 */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The file by whose name an entry is started, or imported. */
function stub(file, name, exports) {
  const main = name === 'headgate' ? '#!/usr/bin/env node\n' : '';
  const names = exports.filter((one) => one !== 'default');
  const lines = [
    "import { load } from './load.cjs';",
    '',
    `const all = load('${file}', '${name}.js');`,
    ...(names.length > 0 ? [`export const { ${names.join(', ')} } = all;`] : []),
    ...(exports.includes('default') ? ['export default all.default;'] : []),
  ];
  return `${main}${lines.join('\n')}\n`;
}
