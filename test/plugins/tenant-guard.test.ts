import { replayStream, runHook, settledRecord, setUp, textOf, textStream } from '@headgate/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker, tenantGuard } from './tenant-guard.js';

const config = { banned: ['chinchilla'], customers: { acme: { banned: ['road runner', 'c++'] } } };

describe('the tenant guard’s request gate', () => {
  const asked = async (prompt: string, customer?: string): Promise<string | undefined> => {
    const view = { prompt, metadata: customer === undefined ? {} : { customer } };
    const { result } = await runHook(tenantGuard, 'request', { config, view });
    return result?.type === 'error' ? result.error.message : undefined;
  };

  it.each([
    ['tell me about CHINCHILLAS', undefined, undefined],
    ['tell me about the Chinchilla.', undefined, '"Chinchilla"'],
    ['catch the road runner', undefined, undefined],
    ['catch the road runner', 'other', undefined],
    ['catch the Road Runner!', 'acme', '"Road Runner"'],
    ['write c++, please', 'acme', '"c++"'],
    ['a chinchilla', 'acme', '"chinchilla"'],
  ])('judges “%s” of %s', async (prompt, customer, word) => {
    const said = await asked(prompt, customer);
    if (word === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(word);
  });

  it('looks into tool results too', async () => {
    const request = {
      origin: 'openai-chat',
      model: 'm',
      sampling: {},
      stream: false,
      messages: [
        {
          role: 'tool' as const,
          parts: [
            {
              type: 'tool-result' as const,
              callId: 'c',
              content: [{ type: 'text' as const, text: 'chinchilla' }],
            },
          ],
        },
      ],
    };
    expect((await runHook(tenantGuard, 'request', { config, view: { request } })).result).toBeDefined();
  });

  it('says so in a header and a metric', async () => {
    const { result, host } = await runHook(tenantGuard, 'request', {
      config,
      view: { prompt: 'chinchilla' },
    });
    expect(result).toMatchObject({ headers: ['x-tenant-guard', 'refused'] });
    expect(host.counted).toEqual([{ name: 'refused', by: 1, labels: {} }]);
  });
});

describe('the tenant guard’s header', () => {
  it.each([
    [{ customer: 'acme' }, ['accept', '*/*', 'x-tenant', 'acme']],
    [{ customer: 'Käse\r\nx: y' }, ['accept', '*/*', 'x-tenant', 'K%C3%A4se%0D%0Ax%3A%20y']],
    [{}, ['accept', '*/*']],
  ])('for %o', async (metadata, headers) => {
    const value = { path: '/v1/chat/completions', headers: ['accept', '*/*'] };
    const { result } = await runHook(tenantGuard, 'upstream', { value, view: { metadata } });
    expect(result).toEqual({ path: value.path, headers });
  });
});

describe('the tenant guard’s counts', () => {
  it('count the customers of the config', async () => {
    const tested = await setUp(tenantGuard, { config });
    for (const customer of ['acme', 'acme', 'unheard-of', '']) {
      await tested.run('settled', { value: settledRecord({ customer }) });
    }
    expect(await tested.host.callRoute('GET', '/counts')).toMatchObject({ status: 200, body: '{"acme":2}' });
  });
});

describe('the tenant guard’s mask', () => {
  const masked = async (...pieces: string[]): Promise<string> =>
    textOf((await replayStream(tenantGuard, textStream(...pieces))).events);

  it.each([
    [['Write to bob@example.com.'], 'Write to [hidden].'],
    [['Write to bo', 'b@exam', 'ple.c', 'om', ' today'], 'Write to [hidden] today'],
    [['bob', '@', 'example', '.', 'com'], '[hidden]'],
    [['no @ address', ' at all', ', bob@home'], 'no @ address at all, bob@home'],
    [['a@b.cd,e@f.gh'], '[hidden],[hidden]'],
    [['jürgen@müller.de'], '[hidden]'],
    [[''], ''],
  ])('%o', async (pieces, said) => {
    expect(await masked(...pieces)).toBe(said);
  });

  it('can be switched off', async () => {
    const events = textStream('bob@example.com');
    expect((await replayStream(tenantGuard, events, { config: { mask_emails: false } })).events).toEqual(
      events,
    );
  });

  it('leaves tool calls, signatures and the end as they are, and drops log probabilities of what it may change', async () => {
    const at = { choice: 0, part: 0 };
    const { events } = await replayStream(tenantGuard, [
      { type: 'part-start', ...at, kind: 'tool-call', toolCallId: 'c', toolName: 'mail' },
      { type: 'part-delta', ...at, text: '{"to":"bob@example.com"}' },
      { type: 'part-end', ...at },
      { type: 'part-start', choice: 0, part: 1, kind: 'reasoning' },
      { type: 'part-delta', choice: 0, part: 1, text: 'ask bob@example.com', logprobs: { content: [] } },
      { type: 'part-delta', choice: 0, part: 1, text: '', signature: 'sig' },
      { type: 'part-end', choice: 0, part: 1 },
      { type: 'end' },
    ]);
    expect(events).toEqual([
      { type: 'part-start', ...at, kind: 'tool-call', toolCallId: 'c', toolName: 'mail' },
      { type: 'part-delta', ...at, text: '{"to":"bob@example.com"}' },
      { type: 'part-end', ...at },
      { type: 'part-start', choice: 0, part: 1, kind: 'reasoning' },
      { type: 'part-delta', choice: 0, part: 1, text: 'ask ' },
      { type: 'part-delta', choice: 0, part: 1, text: '', signature: 'sig' },
      { type: 'part-delta', choice: 0, part: 1, text: '[hidden]' },
      { type: 'part-end', choice: 0, part: 1 },
      { type: 'end' },
    ]);
  });

  const inPieces = (text: string, cuts: readonly number[]): { said: string; pieces: string[] } => {
    const masker = new Masker();
    const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
    const pieces = at.slice(1).map((end, i) => masker.push(text.slice(at[i], end)));
    pieces.push(masker.end());
    return { said: pieces.join(''), pieces };
  };
  const word = fc.constantFrom(
    'bob@example.com',
    'a@b.c',
    'ö.x+1@ä.de',
    '@',
    '.',
    ' ',
    'text',
    '\n',
    '😀',
    '𝒳@𝒳.𝒳',
    'long'.repeat(200),
  );
  const text = fc
    .array(fc.oneof({ weight: 4, arbitrary: word }, fc.string({ unit: 'binary', maxLength: 5 })))
    .map((all) => all.join(''));
  const cuts = fc.array(fc.nat(), { maxLength: 12 });

  it('is the same however the text is cut', () => {
    fc.assert(
      fc.property(text, cuts, (whole, at) => {
        expect(inPieces(whole, at).said).toBe(inPieces(whole, []).said);
      }),
      { numRuns: 400 },
    );
  });

  /** UTF-8 has no way to write half a character. */
  const wellFormed = (text: string): boolean => Buffer.from(text).toString() === text;

  it('never cuts a character in two that was not', () => {
    fc.assert(
      fc.property(text, cuts, (whole, at) => {
        fc.pre(wellFormed(whole));
        for (const piece of inPieces(whole, at).pieces) expect(wellFormed(piece)).toBe(true);
      }),
    );
  });

  it('holds no more back than the longest address', () => {
    const masker = new Masker();
    const word = 'x'.repeat(100_000);
    expect(masker.push(word).length).toBeGreaterThan(98_000);
    expect(masker.end().length).toBeLessThan(2_000);
  });
});
