import { randomBytes } from 'node:crypto';
import { definePlugin } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { DEFINITION_APIS } from '../../dist/core/admin/definitions/definition-kinds.js';
import { DefinitionService } from '../../dist/core/admin/definitions/definition-service.js';
import { Offline } from '../../dist/core/admin/definitions/offline.js';
import { ENTITY_APIS, type EntityApi } from '../../dist/core/admin/entity-kinds.js';
import { EntityService } from '../../dist/core/admin/entity-service.js';
import { KeyService } from '../../dist/core/admin/key-service.js';
import { openStore } from '../../dist/core/admin/open-store.js';
import { exportConfig } from '../../dist/core/admin/portable/export-config.js';
import { type ImportReport, importConfig } from '../../dist/core/admin/portable/import-config.js';
import { loadWithPlugins } from '../../dist/core/plugin/load-config.js';
import { builtins, named } from '../../dist/plugins/index.js';

const AUTHOR = { actor: 'admin', source: '' };
const SECRET = 'a-server-secret-for-tests-0123456789';
const any = definePlugin({ name: 'any', version: '1.0.0', config: z.looseObject({}) });

const loading = loadWithPlugins(
  { data: { admin: { encryption_key: randomBytes(32).toString('hex') } }, env: {} },
  { builtins, named: { ...named, any: async () => any } },
);

async function storeInMemory() {
  const loaded = await loading;
  const store = await openStore({ kind: 'sqlite', path: ':memory:' }, SECRET);
  const over = await Offline.of(loaded, []);
  const changed = async (): Promise<void> => {};
  const definitions = new DefinitionService(store, over, changed);
  const entities = new EntityService(store, () => undefined, changed);
  const parts = { store, entities, definitions, over, secret: SECRET, changed };
  return {
    ...parts,
    keys: new KeyService(entities, SECRET),
    exported: () => exportConfig('store', { store, live: over, secret: SECRET }),
    imported: (text: string): Promise<ImportReport> =>
      importConfig(Buffer.from(text), parts, {
        author: AUTHOR,
        dryRun: false,
        prune: false,
        texts: { env: {}, kept: [] },
      }),
  };
}

/** Texts that YAML, and the file's own syntax, could take for something else. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '$',
    '${',
    '$${',
    `\${A}`,
    `$\${A}`,
    '$$${',
    '~',
    'yes',
    '1e3',
    '0x1',
    '- a',
    'a: b',
    '#c',
    ' a ',
    '\n',
    'é\t',
    '\'"',
    '<<',
    '*a',
    '&a',
    '!!x',
    '2026-01-01',
    '\u2028',
    '---',
  ),
);
const api = (kind: string): EntityApi => ENTITY_APIS.find((one) => one.kind === kind) as EntityApi;
const definition = (kind: string) => DEFINITION_APIS.find((one) => one.kind === kind)!;
/** In definitions `${` begins a variable, and is written so. */
const escaped = (value: string): string => value.replaceAll('${', () => '$${');

it('whatever is in the store, an export of it makes the same store', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 5 }),
      fc.dictionary(
        fc.stringMatching(/^[a-z]{1,8}$/),
        fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.array(fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/), { maxLength: 3 }),
      async (texts, settings, ids) => {
        const one = await storeInMemory();
        const two = await storeInMemory();
        try {
          const labels = Object.fromEntries(texts.map((value, index) => [`l${index}`, value]));
          await one.entities.create(api('team'), { id: 'team', labels }, AUTHOR);
          const config = Object.fromEntries(
            Object.entries(settings).map(([name, value]) => [
              name,
              typeof value === 'string' ? escaped(value) : value,
            ]),
          );
          await one.definitions.create(
            definition('plugin'),
            { id: 'p', use: 'any', config: { list: texts.map(escaped), ...config } },
            AUTHOR,
          );
          for (const id of new Set(ids))
            await one.definitions.create(definition('model'), { id: `${id}/x`, targets: ['mock/a'] }, AUTHOR);
          await one.keys.create({ name: 'key', team: 'team', labels }, AUTHOR);
          const said = await one.exported();
          // No secret of these is asked for: texts of settings that are called so are short here.
          const { created, skipped } = await two.imported(said.replaceAll(/\$\{P_[A-Z_0-9]+\}/g, 'secret'));
          expect(skipped).toEqual([]);
          expect(created).toHaveLength(3 + new Set(ids).size);
          expect(await two.exported()).toBe(said);
          const again = await two.imported(said);
          expect([again.created, again.updated]).toEqual([[], []]);
        } finally {
          await one.store.close();
          await two.store.close();
        }
      },
    ),
    { numRuns: 15 },
  );
});
