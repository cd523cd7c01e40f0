// Compiles what changed and puts the data files beside the compiled code that reads them.
// `tsc -b` is incremental, so running this before every start costs little when nothing changed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const isData = (name) => /\.(json|json\.gz|txt|sql)$/.test(name) && !/^(tsconfig|package)\.json$/.test(name);

if (!existsSync(compiler)) {
  // An installed package ships dist/ and no compiler: nothing to build, unless dist/ is missing too.
  if (existsSync(join(root, 'dist', 'bin', 'headgate.js'))) process.exit(0);
  console.error('headgate: nothing is built and no compiler is installed; run `npm ci` first');
  process.exit(1);
}

// `--runtime`: only what a start needs, so that a mistake in a test or an example cannot stop a gateway.
const projects = process.argv.includes('--runtime') ? ['bin'] : [];
const result = spawnSync(process.execPath, [compiler, '-b', ...projects], { cwd: root, stdio: 'inherit' });
if (result.status !== 0) process.exit(result.status ?? 1);

for (const part of ['core', 'plugins', 'workers', 'bench']) {
  for (const found of readdirSync(join(root, part), { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || !isData(found.name)) continue;
    const from = join(found.parentPath ?? found.path, found.name);
    if (from.includes('node_modules') || from.includes(`${part}/results`)) continue;
    if (from.includes('plugins/providers/catalog/')) continue;
    cpSync(from, join(root, 'dist', from.slice(root.length + 1)));
  }
}

// The provider rows are checked here, so that a start need not, and put into one file.
const rows = join(root, 'plugins', 'providers', 'catalog');
const reader = join(root, 'dist', 'plugins', 'providers', 'catalog.js');
const catalog = join(root, 'dist', 'plugins', 'providers', 'catalog.json');
const newest = Math.max(
  ...[rows, reader, ...readdirSync(rows).map((name) => join(rows, name))].map(
    (file) => statSync(file).mtimeMs,
  ),
);
if (!existsSync(catalog) || statSync(catalog).mtimeMs <= newest) {
  const { readCatalog } = await import(pathToFileURL(reader).href);
  writeFileSync(catalog, JSON.stringify(readCatalog(pathToFileURL(`${rows}/`))));
}
