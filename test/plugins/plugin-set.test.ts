import { definePlugin, type Plugin } from '@headgate/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Config } from '../../core/config/config.js';
import type { Control } from '../../core/control.js';
import { PluginLogger } from '../../core/plugin/logger.js';
import { PluginSet } from '../../core/plugin/plugin-set.js';
import { createCounterMemory } from '../../core/state/counter-memory.js';
import { loadText } from '../config/load-text.js';

afterEach(() => void vi.useRealTimers());

const configOf = (...plugins: object[]): Config => loadText(JSON.stringify({ plugins })).config;

function makeSet(plugins: Plugin[]): { set: PluginSet; logged: string[] } {
  const logged: string[] = [];
  const set = new PluginSet(
    { builtins: [], named: Object.fromEntries(plugins.map((plugin) => [plugin.name, async () => plugin])) },
    {
      // Nothing of it is used here.
      control: {} as Control,
      counters: createCounterMemory(1),
      log: new PluginLogger(
        (level, message, fields) => void logged.push(`${level} ${fields['plugin']}: ${message}`),
      ),
      count: () => {},
    },
  );
  return { set, logged };
}

/** A plugin that writes down when it is set up and closed. */
function noting(name: string, notes: string[]): Plugin {
  return definePlugin({
    name,
    version: '1',
    setup: () => void notes.push(`${name} up`),
    close: () => void notes.push(`${name} down`),
  });
}

describe('the plugins of a thread', () => {
  // Two threads prepare a reload; when it fails in the other one, this one must forget it. It used to take what it had
  // prepared for what was running: the plugins really in use were then never closed, and set up anew at the next reload.
  it('stay those of the configuration in use until the next one is put to use', async () => {
    const notes: string[] = [];
    const { set } = makeSet([noting('a', notes), noting('b', notes)]);
    await (await set.equip(configOf({ use: 'a' }))).retire();
    await set.equip(configOf({ use: 'b' }));
    expect(notes).toEqual(['a up', 'b up']);
    const again = await set.equip(configOf({ use: 'a' }));
    expect(notes).toEqual(['a up', 'b up', 'b down']);
    await again.retire();
    await set.close();
    expect(notes).toEqual(['a up', 'b up', 'b down', 'a down']);
  });

  it('are closed as well when a prepared configuration was never used', async () => {
    const notes: string[] = [];
    const { set } = makeSet([noting('a', notes), noting('b', notes)]);
    await (await set.equip(configOf({ use: 'a' }))).retire();
    await set.equip(configOf({ use: 'b' }));
    await set.close();
    expect(notes.slice(2)).toEqual(['a down', 'b down']);
  });

  // The places of slots once grew with every reload that changed a plugin's settings, and with them an array in every request.
  it('have the places of their slots back after any number of reloads, none of them twice', async () => {
    const places = new Map<string, number[]>();
    const slotted = (name: string, count: number): Plugin =>
      definePlugin({
        name,
        version: '1',
        config: z.object({ round: z.number().optional() }),
        setup(host, { round }) {
          if (round === 13) throw new Error('unlucky');
          places.set(
            name,
            Array.from({ length: count }, () => host.slot(() => 0).index),
          );
        },
      });
    const { set } = makeSet([slotted('stays', 2), slotted('changes', 3), slotted('comes and goes', 1)]);
    const stays = { use: 'stays' };
    for (let round = 0; round < 50; round++) {
      const plugins = [{ use: 'changes', config: { round } }, stays];
      if (round % 2 === 0) {
        places.delete('comes and goes');
        plugins.push({ use: 'comes and goes' });
      }
      const equipped = await set.equip(configOf(...plugins)).catch(() => null);
      if (equipped === null) continue;
      const used = [...places.values()].flat();
      expect(new Set(used).size).toBe(used.length);
      await equipped.retire();
    }
    // Those of two configurations, as the new one is set up before the old one is closed.
    expect(Math.max(...[...places.values()].flat())).toBeLessThan(2 * 6);
  });

  it('have half a minute to be set up', async () => {
    vi.useFakeTimers();
    const { set } = makeSet([
      definePlugin({ name: 'slow', version: '1', setup: () => new Promise<undefined>(() => {}) }),
    ]);
    const equipped = set.equip(configOf({ use: 'slow' }));
    const refused = expect(equipped).rejects.toThrow(
      'plugins[0]: the plugin "slow" could not be set up: it took longer than 30000 ms',
    );
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
  });

  it('have five seconds to close, and one that hangs keeps no other from closing', async () => {
    vi.useFakeTimers();
    const notes: string[] = [];
    const hanging = definePlugin({ name: 'hanging', version: '1', close: () => new Promise<void>(() => {}) });
    const { set, logged } = makeSet([hanging, noting('b', notes)]);
    await (await set.equip(configOf({ use: 'hanging' }, { use: 'b' }))).retire();
    const closed = set.close();
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    expect(notes).toEqual(['b up', 'b down']);
    expect(logged).toEqual(['error hanging: close failed']);
  });
});
