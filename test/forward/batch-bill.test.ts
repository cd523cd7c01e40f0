import { emptyUsage } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../core/exchange.js';
import { billBatch } from '../../core/forward/batch-bill.js';
import { ObjectBook } from '../../core/forward/object-book.js';
import type { OwnedObject } from '../../core/forward/owner.js';

/**
 * A finished batch tells what it used as often as it is read, and is billed to who reads it first. Whether it was billed
 * already is looked up in the store. A client that left during this look-up had its request settled without the cost, and
 * the batch was marked as billed all the same: nobody ever paid for it. Two clients that asked at the same time both did.
 */
describe('a finished batch', () => {
  const kept = new Map<string, OwnedObject>();
  const waiting: (() => void)[] = [];
  const book = new ObjectBook(
    {
      ownersOf: (ids) =>
        new Promise((resolve) => {
          waiting.push(() => resolve(ids.flatMap((id) => kept.get(id) ?? [])));
        }),
      own: async (objects) => {
        for (const object of objects) kept.set(object.id, object);
      },
    },
    () => undefined,
  );
  const usage = { ...emptyUsage(), inputTokens: 1000 };
  const reading = () =>
    ({
      target: { provider: { id: 'openai' }, model: '' },
      io: { objects: book },
      usage: null,
      settled: false,
    }) as unknown as Exchange;
  const read = (x: Exchange) => billBatch(x, { id: 'batch_1', model: 'gpt-4o', usage });

  it('is billed to the next reader when the first one left while it was looked up', async () => {
    const first = reading();
    const looked = read(first);
    first.settled = true;
    waiting.shift()?.();
    await looked;
    expect(first.usage).toBeNull();
    expect(kept.size).toBe(0);

    const second = reading();
    const again = read(second);
    waiting.shift()?.();
    await again;
    expect(second.usage).toBe(usage);
    expect(second.target?.model).toBe('gpt-4o');
  });

  it('is billed once to those who read it at the same time, and not again', async () => {
    kept.clear();
    const [first, second, third] = [reading(), reading(), reading()];
    const other = (x: Exchange) => billBatch(x, { id: 'batch_2', model: 'gpt-4o', usage });
    const looked = [other(first), other(second)];
    for (const answer of waiting.splice(0)) answer();
    await Promise.all(looked);
    await other(third);
    expect([first.usage, second.usage, third.usage]).toEqual([usage, null, null]);
  });
});
