import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeptAnswer } from '../../../core/kept/kept-answer.js';
import { KeptAnswers } from '../../../core/store/kept-answers.js';
import type { LedgerSql } from '../../../core/store/ledger-sql.js';
import type { Database } from './database.js';

const row = (id: string, more: Partial<KeptAnswer> = {}): KeptAnswer => ({
  id,
  keyId: 'key-1',
  state: 'done',
  background: false,
  recorded: false,
  expiresMs: 1_000,
  input: '[]',
  answer: '{"id":"x"}',
  ...more,
});
const mine = (id: string) => ({ id, keyId: 'key-1' });

const put = (kept: KeptAnswers, one: KeptAnswer, maxTotalBytes = 1_000_000) =>
  kept.answer({ do: 'put', ask: { row: one, maxTotalBytes } });
const find = (kept: KeptAnswers, id: string) => kept.answer({ do: 'find', ask: mine(id) });

/** What every database of a ledger keeps answers like. */
export function keptSuite(database: Database): void {
  const open = async (clock = { now: 0 }) => {
    const db: LedgerSql = await database.open();
    onTestFinished(() => db.close());
    return { db, kept: await KeptAnswers.open(db, 'here', () => clock.now), clock };
  };

  describe('the store of answers', () => {
    it('finds an answer for its key alone, until it expires', async () => {
      const { kept, clock } = await open();
      await put(kept, row('a'));
      expect(await find(kept, 'a')).toEqual(row('a'));
      expect(await kept.answer({ do: 'find', ask: { id: 'a', keyId: 'key-2' } })).toBeNull();
      expect(await kept.answer({ do: 'delete', ask: { id: 'a', keyId: 'key-2' } })).toBeNull();
      clock.now = 1_000;
      expect(await find(kept, 'a')).toBeNull();
    });

    it('gives what is deleted to one of two nodes that ask at once', async () => {
      // Both had found the row before either deleted it, both got it, and a run that waited was gone on with twice.
      const { db, kept } = await open();
      const other = await KeptAnswers.open(db, 'there', () => 0);
      for (let i = 0; i < 20; i++) {
        await put(kept, row(`a${i}`));
        const ask = { do: 'delete', ask: mine(`a${i}`) } as const;
        const both = await Promise.all([kept.answer(ask), other.answer(ask)]);
        expect(both.filter((one) => one !== null)).toEqual([row(`a${i}`)]);
      }
    });

    it('deletes what has expired with its events, and the oldest of what is too much', async () => {
      const { db, kept } = await open();
      await put(kept, row('old', { state: 'running', expiresMs: 10 }));
      await kept.answer({ do: 'record', ask: { id: 'old', events: [{ sequence: 0, text: 'x' }] } });
      await put(kept, row('big', { expiresMs: 500, input: `["${'x'.repeat(900)}"]` }));
      await put(kept, row('new', { expiresMs: 600 }), 100);
      expect(await kept.expire(20)).toBe(false);
      expect([await find(kept, 'old'), await find(kept, 'big')]).toEqual([null, null]);
      expect(await find(kept, 'new')).not.toBeNull();
      expect(await db.all('SELECT count(*) FROM kept_events')).toEqual([[0]]);
    });

    it('ends a running one once, whoever comes first', async () => {
      const { kept } = await open();
      await put(kept, row('a', { state: 'running', background: true }));
      expect(await kept.answer({ do: 'cancel', ask: mine('a') })).toMatchObject({ state: 'running' });
      expect(await kept.answer({ do: 'finish', ask: { id: 'a', answer: '{}' } })).toBe(false);
      expect(await find(kept, 'a')).toMatchObject({ state: 'cancelled', answer: '{"id":"x"}' });
      await put(kept, row('b', { state: 'running', background: true }));
      expect(await kept.answer({ do: 'finish', ask: { id: 'b', answer: '{"b":1}' } })).toBe(true);
      await kept.answer({ do: 'cancel', ask: mine('b') });
      expect(await find(kept, 'b')).toMatchObject({ state: 'done', answer: '{"b":1}' });
    });

    it('knows at its next start what nobody works on any more', async () => {
      const { db, kept } = await open();
      await put(kept, row('a', { state: 'running', background: true }));
      await put(kept, row('b'));
      const other = await KeptAnswers.open(db, 'elsewhere', () => 0);
      expect(await find(other, 'a')).toMatchObject({ state: 'running' });
      const next = await KeptAnswers.open(db, 'here', () => 0);
      expect(await find(next, 'a')).toMatchObject({ state: 'lost' });
      expect(await find(next, 'b')).toMatchObject({ state: 'done' });
    });

    it('gives events after a number, in their order, and takes none of one that has ended', async () => {
      const { kept } = await open();
      await put(kept, row('a', { state: 'running', recorded: true }));
      const event = (sequence: number) => ({ sequence, text: `event ${sequence}` });
      await kept.answer({ do: 'record', ask: { id: 'a', events: [event(2), event(0), event(1)] } });
      expect(await kept.answer({ do: 'events', ask: { id: 'a', after: 0 } })).toEqual([event(1), event(2)]);
      await kept.answer({ do: 'finish', ask: { id: 'a', answer: '{}' } });
      await kept.answer({ do: 'record', ask: { id: 'a', events: [event(3)] } });
      expect(await kept.answer({ do: 'events', ask: { id: 'a', after: 2 } })).toEqual([]);
    });
  });
}
