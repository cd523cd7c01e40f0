// Loads the files of the bundle with what V8 made of them when it was built (`scripts/code-cache.mjs`): reading a few megabytes
// of code was a third of each start. Plain `require` would do the same, only slower: what was made by another version of Node.js,
// or is not there, is made anew.
const { existsSync, readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

const ofNode = createRequire(__filename);
/** By file name. */
const loaded = new Map();

/** What the file exports. @param {string} name in this folder @param {string} as what `__filename` says */
function load(name, as = name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = join(__dirname, name);
  const script = compiled(filename);
  const module = { exports: {} };
  loaded.set(name, { module, script });
  const run = script.runInThisContext();
  run(module.exports, requireFrom, module, join(__dirname, as), __dirname, importOutside);
  return module.exports;
}

function requireFrom(id) {
  return id.startsWith('./') ? load(id.slice(2)) : ofNode(id);
}

function compiled(filename) {
  // The bundle is ASCII.
  const code = readFileSync(filename, 'latin1');
  const cache = `${filename}.cache`;
  return new Script(
    `(function (exports, require, module, __filename, __dirname, importOutside) { ${code}\n})`,
    {
      filename,
      cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
    },
  );
}

/** A script cannot import. `bundle.mjs` writes this in the place of each `import()`. */
const importOutside = (id) => import(id);

exports.load = load;
exports.loaded = loaded;
exports.compiled = compiled;
