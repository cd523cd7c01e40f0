import { emptyUsage } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../core/exchange.js';
import { billBatch } from '../../core/forward/batch-bill.js';
import { ObjectBook } from '../../core/forward/object-book.js';
import type { OwnedObject } from '../../core/forward/owner.js';

/**
 * A finished batch tells what it used as often as it is read, and is billed to who reads it first, over all threads and
 * restarts. Whether it was billed already was once only looked up in the store: a client that left during this look-up had its
 * request settled without the cost, and the batch was marked as billed all the same, so that nobody ever paid for it; and two
 * threads that looked at the same time both billed it. Now whoever is first to put the mark into the store is billed, and has
 * the usage in its request before the store is asked.
 */
describe('a finished batch', () => {
  const kept = new Map<string, OwnedObject>();
  /** As the store does it: the first holder stays. A moment later, so that others may come in between. */
  const later = () => new Promise((resolve) => setTimeout(resolve, 2));
  const store = {
    ownersOf: async (ids: readonly string[]) => {
      await later();
      return ids.flatMap((id) => kept.get(id) ?? []);
    },
    own: async (objects: readonly OwnedObject[]) => {
      await later();
      for (const object of objects) if (!kept.has(object.id)) kept.set(object.id, object);
    },
  };
  const thread = () => new ObjectBook(store, () => undefined);
  const usage = { ...emptyUsage(), inputTokens: 1000 };
  let asked = 0;
  const reading = (book: ObjectBook) =>
    ({
      id: `req_${++asked}`,
      target: { provider: { id: 'openai' }, model: '' },
      io: { objects: book },
      usage: null,
      settled: false,
    }) as unknown as Exchange;
  const read = (x: Exchange, id: string) => billBatch(x, { id, model: 'gpt-4o', usage });

  it('is billed to the first reader, also when that leaves while the store is asked', async () => {
    const book = thread();
    const first = reading(book);
    const looked = read(first, 'batch_1');
    // What a request that ends now is settled with.
    expect(first.usage).toBe(usage);
    expect(first.target?.model).toBe('gpt-4o');
    first.settled = true;
    await looked;
    expect(first.usage).toBe(usage);
    const second = reading(book);
    await read(second, 'batch_1');
    expect(second.usage).toBeNull();
  });

  it('is billed once to those who read it at the same time, on one thread or on two, and not after a restart', async () => {
    const [one, two] = [thread(), thread()];
    const readers = [reading(one), reading(two), reading(one), reading(two)];
    await Promise.all(readers.map((x) => read(x, 'batch_2')));
    expect(readers.filter((x) => x.usage !== null)).toHaveLength(1);
    const later = reading(thread());
    await read(later, 'batch_2');
    expect(later.usage).toBeNull();
    expect(later.target?.model).toBe('');
  });
});
