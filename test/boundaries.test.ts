import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSource } from './boundaries/read-source.js';
import { MAX_LINES, ROOTS, violations } from './boundaries/rules.js';

const checkout = fileURLToPath(new URL('..', import.meta.url));

function sourcesOf(root: string): string[] {
  const folder = join(checkout, root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(checkout, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path));
}

describe('the boundaries of architecture', () => {
  for (const root of ROOTS) {
    it(`hold in ${root}/`, () => {
      const paths = sourcesOf(root);
      // The dashboard comes later; a folder that was renamed must not make its rules vacuous.
      if (root !== 'ui') expect(paths.length, `sources found in ${root}/`).toBeGreaterThan(0);
      expect(paths.flatMap((path) => violations(path, readFileSync(join(checkout, path), 'utf8')))).toEqual(
        [],
      );
    });
  }

  it('hold for what compiled code points to: nothing imports bin', () => {
    const importers = ROOTS.filter((root) => root !== 'bin').flatMap(sourcesOf);
    const found = importers.filter((path) =>
      readSource(readFileSync(join(checkout, path), 'utf8'), path).imports.some((one) =>
        /(^|\/)bin\//.test(one),
      ),
    );
    expect(found).toEqual([]);
  });
});

describe('the boundary rules', () => {
  const cases: [what: string, path: string, source: string, wrong: boolean][] = [
    ['the SDK importing zod', 'sdk-plugin/src/a.ts', "import { z } from 'zod';", false],
    ['the SDK importing another package', 'sdk-plugin/src/a.ts', "import pino from 'pino';", true],
    [
      'the SDK importing a built-in of Node',
      'sdk-plugin/src/a.ts',
      "import type { Socket } from 'node:net';",
      true,
    ],
    ['the SDK importing core', 'sdk-plugin/src/a.ts', "import '../../core/errors.js';", true],
    ['core importing the SDK', 'core/a.ts', "import type { Usage } from '@headgate/sdk';", false],
    ['core importing the insides of the SDK', 'core/a.ts', "import '@headgate/sdk/dist/index.js';", true],
    ['core importing a plugin', 'core/a.ts', "export * from '../plugins/providers/catalog.js';", true],
    ['core naming a plugin in a type', 'core/a.ts', "type A = import('../plugins/x.js').A;", true],
    ['core importing a worker lazily', 'core/a.ts', "const w = await import('../workers/pool.js');", true],
    [
      'core locating a worker',
      'core/a.ts',
      "new Worker(new URL('../workers/entry.js', import.meta.url));",
      true,
    ],
    ['a plugin importing core', 'plugins/cache/a.ts', "import { x } from '../../core/errors.js';", true],
    [
      'bin importing everything',
      'bin/headgate.ts',
      "import '../core/a.js'; import '../plugins/b.js';",
      false,
    ],
    ['a stage importing a stage', 'core/stages/scan.ts', "import { plan } from './plan.js';", true],
    ['a stage importing core', 'core/stages/scan.ts', "import { x } from '../exchange.js';", false],
    ['a format importing itself', 'plugins/formats/a/index.ts', "import './request.js';", false],
    [
      'a format importing what formats share',
      'plugins/formats/a/index.ts',
      "import '../shared/x.js';",
      false,
    ],
    ['a format importing a format', 'plugins/formats/a/index.ts', "import '../b/index.js';", true],
    ['the list of formats', 'plugins/formats/index.ts', "import './a/index.js';", false],
    ['uWebSockets.js at home', 'core/http/app.ts', "import uws from 'uWebSockets.js';", false],
    ['uWebSockets.js elsewhere, as a type', 'core/a.ts', "import type { App } from 'uWebSockets.js';", true],
    ['undici elsewhere', 'bin/headgate.ts', "import { Pool } from 'undici';", true],
    ['a database driver elsewhere', 'core/admin/a.ts', "import Database from 'libsql';", true],
    [
      'the client of MCP servers elsewhere',
      'core/mcp/a.ts',
      "import { Client } from '@modelcontextprotocol/client';",
      true,
    ],
    [
      'the server library of MCP elsewhere',
      'core/mcp/a.ts',
      "import { Server } from '@modelcontextprotocol/server';",
      true,
    ],
    ['piscina outside its file', 'workers/entry.ts', "import { Piscina } from 'piscina';", true],
    ['piscina in its file', 'workers/pool.ts', "import { Piscina } from 'piscina';", false],
    ['any', 'core/a.ts', 'export const a = (b: any): unknown => b;', true],
    ['the word any', 'core/a.ts', "// any\nexport const any = 'any';", false],
    [
      'a comment that looks like an import',
      'core/a.ts',
      "// import x from '../plugins/x.js'\nexport {};",
      false,
    ],
    ['a drawer', 'core/utils/a.ts', 'export {};', true],
    ['a switched-off type check', 'core/a.ts', '// @ts-ignore\nexport {};', true],
    ['a file at the limit', 'core/a.ts', 'export {};\n'.repeat(MAX_LINES), false],
    ['a file over the limit', 'core/a.ts', 'export {};\n'.repeat(MAX_LINES + 1), true],
  ];
  it.each(cases)('judge %s', (_, path, source, wrong) => {
    expect(violations(path, source).length > 0).toBe(wrong);
  });
});
