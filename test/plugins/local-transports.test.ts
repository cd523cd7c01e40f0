import { definePlugin, type Plugin, type Transport } from '@headgate/sdk';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collect } from '../../core/plugin/equipment.js';
import { LocalTransports } from '../../core/plugin/local-transports.js';

afterEach(() => void vi.useRealTimers());

const row = (id: string) => ({ id, name: id, formats: {}, signer: 'none' });
const call = { abort() {}, resume() {} };

function plugin(id: string, transport?: () => unknown): Plugin {
  return definePlugin({
    name: id,
    version: '1',
    providers: [{ row: row(id), ...(transport && { transport: transport as () => Transport }) }],
  });
}

describe('the transports of providers inside the process', () => {
  it('are made once, and closed when no plugin brings them any more', async () => {
    const closed: string[] = [];
    const made: string[] = [];
    const of = (id: string, version: string): Plugin =>
      plugin(id, () => {
        made.push(version);
        return { dispatch: () => call, close: async () => void closed.push(version) };
      });
    const [a, b, newer] = [of('a', 'a1'), of('b', 'b1'), of('a', 'a2')];
    const transports = new LocalTransports(() => expect.fail());
    const first = collect([a, b], transports).transports.get('a');
    expect(collect([a, b], transports).transports.get('a')).toBe(first);
    expect(collect([newer, b], transports).transports.get('a')).not.toBe(first);
    expect(made).toEqual(['a1', 'b1', 'a2']);
    await transports.keep([newer, b]);
    expect(closed).toEqual(['a1']);
    await transports.keep([]);
    expect(closed).toEqual(['a1', 'b1', 'a2']);
  });

  // A plugin takes the place of a built-in provider: the built-in transport used to answer for it nevertheless.
  it('do not answer for a row that took the place of theirs', () => {
    const transports = new LocalTransports(() => expect.fail());
    const inside = plugin('mock', () => ({ dispatch: () => call }));
    expect(collect([inside, plugin('mock')], transports).transports.has('mock')).toBe(false);
  });

  it('that hang or fail when they close keep no other from closing', async () => {
    vi.useFakeTimers();
    const errors: unknown[] = [];
    const closed: string[] = [];
    const transports = new LocalTransports((error) => void errors.push(error));
    collect(
      [
        plugin('hanging', () => ({ dispatch: () => call, close: () => new Promise<void>(() => {}) })),
        plugin('failing', () => ({
          dispatch: () => call,
          close: () => Promise.reject(new Error('planted')),
        })),
        plugin('good', () => ({ dispatch: () => call, close: async () => void closed.push('good') })),
      ],
      transports,
    );
    const ended = transports.keep([]);
    await vi.advanceTimersByTimeAsync(5_000);
    await ended;
    expect(closed).toEqual(['good']);
    expect(errors.map(String)).toEqual(['Error: it took longer than 5000 ms', 'Error: planted']);
  });

  it('that a reload made while others close are not closed with them', async () => {
    const closed: string[] = [];
    let release = (): void => {};
    const wait = new Promise<void>((resolve) => {
      release = resolve;
    });
    const transports = new LocalTransports(() => expect.fail());
    const old = plugin('old', () => ({ dispatch: () => call, close: () => wait }));
    const next = plugin('next', () => ({
      dispatch: () => call,
      close: async () => void closed.push('next'),
    }));
    collect([old], transports);
    const ended = transports.keep([]);
    collect([next], transports);
    release();
    await ended;
    expect(closed).toEqual([]);
  });

  it.each([
    ['throws', () => expect.fail('planted'), 'planted'],
    ['gives nothing', () => undefined, 'what came has no "dispatch"'],
    ['gives something else', () => ({ send() {} }), 'what came has no "dispatch"'],
  ])('are refused with the name of their provider when the plugin %s', (_, make, why) => {
    const transports = new LocalTransports(() => expect.fail());
    expect(() => collect([plugin('bad', make)], transports)).toThrow(
      `the transport of the provider "bad" could not be made: ${why}`,
    );
  });
});
