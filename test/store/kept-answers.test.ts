import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeptAnswer } from '../../core/kept/kept-answer.js';
import { KeptAnswers } from '../../core/store/kept-answers.js';
import { openDatabase, type Sqlite } from '../../core/store/open-database.js';

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

function open(clock = { now: 0 }): { db: Sqlite; kept: KeptAnswers; clock: { now: number } } {
  const db = openDatabase(':memory:');
  onTestFinished(() => void db.close());
  return { db, kept: new KeptAnswers(db, () => clock.now), clock };
}
const put = (kept: KeptAnswers, one: KeptAnswer, maxTotalBytes = 1_000_000) =>
  kept.answer({ do: 'put', ask: { row: one, maxTotalBytes } });
const find = (kept: KeptAnswers, id: string) => kept.answer({ do: 'find', ask: mine(id) });

describe('the store of answers', () => {
  it('finds an answer for its key alone, until it expires', () => {
    const { kept, clock } = open();
    put(kept, row('a'));
    expect(find(kept, 'a')).toEqual(row('a'));
    expect(kept.answer({ do: 'find', ask: { id: 'a', keyId: 'key-2' } })).toBeNull();
    expect(kept.answer({ do: 'delete', ask: { id: 'a', keyId: 'key-2' } })).toBeNull();
    clock.now = 1_000;
    expect(find(kept, 'a')).toBeNull();
  });

  it('deletes what has expired with its events, and the oldest of what is too much', () => {
    const { db, kept } = open();
    put(kept, row('old', { state: 'running', expiresMs: 10 }));
    kept.answer({ do: 'record', ask: { id: 'old', events: [{ sequence: 0, text: 'x' }] } });
    put(kept, row('big', { expiresMs: 500, input: `["${'x'.repeat(900)}"]` }));
    put(kept, row('new', { expiresMs: 600 }), 100);
    expect(kept.expire(20)).toBe(false);
    expect([find(kept, 'old'), find(kept, 'big')]).toEqual([null, null]);
    expect(find(kept, 'new')).not.toBeNull();
    expect(db.prepare('SELECT count(*) FROM kept_events').raw().get()).toEqual([0]);
  });

  it('ends a running one once, whoever comes first', () => {
    const { kept } = open();
    put(kept, row('a', { state: 'running', background: true }));
    expect(kept.answer({ do: 'cancel', ask: mine('a') })).toMatchObject({ state: 'running' });
    expect(kept.answer({ do: 'finish', ask: { id: 'a', answer: '{}' } })).toBe(false);
    expect(find(kept, 'a')).toMatchObject({ state: 'cancelled', answer: '{"id":"x"}' });
    put(kept, row('b', { state: 'running', background: true }));
    expect(kept.answer({ do: 'finish', ask: { id: 'b', answer: '{"b":1}' } })).toBe(true);
    kept.answer({ do: 'cancel', ask: mine('b') });
    expect(find(kept, 'b')).toMatchObject({ state: 'done', answer: '{"b":1}' });
  });

  it('knows at its next start what nobody works on any more', () => {
    const { db, kept } = open();
    put(kept, row('a', { state: 'running', background: true }));
    put(kept, row('b'));
    const next = new KeptAnswers(db, () => 0);
    expect(find(next, 'a')).toMatchObject({ state: 'lost' });
    expect(find(next, 'b')).toMatchObject({ state: 'done' });
  });

  it('gives events after a number, in their order, and takes none of one that has ended', () => {
    const { kept } = open();
    put(kept, row('a', { state: 'running', recorded: true }));
    const event = (sequence: number) => ({ sequence, text: `event ${sequence}` });
    kept.answer({ do: 'record', ask: { id: 'a', events: [event(2), event(0), event(1)] } });
    expect(kept.answer({ do: 'events', ask: { id: 'a', after: 0 } })).toEqual([event(1), event(2)]);
    kept.answer({ do: 'finish', ask: { id: 'a', answer: '{}' } });
    kept.answer({ do: 'record', ask: { id: 'a', events: [event(3)] } });
    expect(kept.answer({ do: 'events', ask: { id: 'a', after: 2 } })).toEqual([]);
  });
});
