import { describe, expect, it } from 'vitest';
import { type Token, TokenHolder } from '../../core/mcp/hub/auth/token-holder.js';

/** Tokens that are good for a minute, by a clock that stands still; what is asked for waits until it is told. */
function clockwork(seconds = 60) {
  let now = 1_000_000;
  let count = 0;
  let failure: Error | null = null;
  const holder = new TokenHolder(
    async (): Promise<Token> => {
      count++;
      await Promise.resolve();
      if (failure !== null) throw failure;
      return { value: `token-${count}`, expiresAt: now + seconds * 1000 };
    },
    () => now,
  );
  return {
    holder,
    asked: () => count,
    pass: (ms: number) => {
      now += ms;
    },
    fail: (error: Error | null) => {
      failure = error;
    },
    value: async () => (await holder.get()).value,
  };
}

describe('a token', () => {
  it('is asked for once by many, and used until it is nearly over', async () => {
    const { value, asked, pass } = clockwork();
    expect(await Promise.all([value(), value(), value()])).toEqual(['token-1', 'token-1', 'token-1']);
    pass(47_000);
    expect(await value()).toBe('token-1');
    expect(asked()).toBe(1);
  });

  it('is renewed before it ends, while the old one is used', async () => {
    const { value, asked, pass } = clockwork();
    await value();
    pass(49_000);
    expect(await value()).toBe('token-1');
    expect(asked()).toBe(2);
    expect(await value()).toBe('token-2');
  });

  it('that is over is waited for', async () => {
    const { value, pass } = clockwork();
    await value();
    pass(61_000);
    expect(await value()).toBe('token-2');
  });

  it('that cannot be renewed is used until its end; then nobody is asked in a row', async () => {
    const { value, asked, pass, fail } = clockwork();
    await value();
    fail(new Error('away'));
    pass(50_000);
    expect(await value()).toBe('token-1');
    pass(11_000);
    await expect(value()).rejects.toThrow('away');
    await expect(value()).rejects.toThrow('away');
    expect(asked()).toBe(3);
    fail(null);
    pass(1_000);
    expect(await value()).toBe('token-4');
  });

  it('that was refused is replaced if it was ever let in, once for all who were', async () => {
    const { holder, value, asked } = clockwork();
    const first = await value();
    expect(await holder.refused(first)).toBe(false);
    expect(asked()).toBe(1);
    holder.accepted(first);
    expect(await Promise.all([holder.refused(first), holder.refused(first)])).toEqual([true, true]);
    expect(asked()).toBe(2);
    // Somebody who comes late with the old one.
    expect(await holder.refused(first)).toBe(true);
    expect(asked()).toBe(2);
  });

  it('of which nobody says when it ends is used for ever', async () => {
    let asked = 0;
    let now = 0;
    const holder = new TokenHolder(
      async () => ({ value: `${++asked}`, expiresAt: null }),
      () => now,
    );
    await holder.get();
    now = 1e15;
    expect((await holder.get()).value).toBe('1');
  });
});
