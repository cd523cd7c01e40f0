import { providerRow, sdkVersion } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { builtins, named } from '../../plugins/index.js';

describe('the built-in plugins', () => {
  it('bring every signer that their provider rows name', () => {
    const signers = new Set(builtins.flatMap((plugin) => plugin.signers ?? []).map((signer) => signer.id));
    const modules = builtins.flatMap((plugin) => plugin.providers ?? []);
    const rows = modules.map((module) => providerRow.parse(module.row));
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    for (const row of rows) {
      expect([row.id, signers.has(row.signer)]).toEqual([row.id, true]);
    }
    expect(modules.filter((module) => module.transport).map((module) => module.row.id)).toEqual(['mock']);
  });

  it.each(Object.keys(named))('%s loads on demand under its own name', async (name) => {
    expect(await named[name]?.()).toMatchObject({ name, sdk: sdkVersion });
  });
});
