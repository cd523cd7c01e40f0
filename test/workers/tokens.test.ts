import fc from 'fast-check';
import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';
import { modelToEncodingMap } from 'gpt-tokenizer/mapping';
import { describe, expect, it } from 'vitest';
import { countTokens } from '../../workers/tasks/count-tokens.js';
import { encodingOf } from '../../workers/tokens/encoding-of.js';
import { boundedPieces, longestRun } from '../../workers/tokens/long-runs.js';

const prose = `The gateway splits "OpenAI" from 'Anthropic': 1,024 tokens at $0.15/M.\n\n  const x = {a: [1, 2]};\t// ok
Größenordnung, naïve café — 東京都は晴れです。Привет, мир! 🌍👩‍👩‍👧 <|endoftext|> done.`;

describe('the encoding of a model', () => {
  const same: Record<string, string> = {
    o200k_harmony: 'o200k_base',
    p50k_edit: 'p50k_base',
    gpt2: 'r50k_base',
  };
  it('is the one gpt-tokenizer lists, for every model it lists', () => {
    const models = Object.entries(modelToEncodingMap);
    expect(models.length).toBeGreaterThan(50);
    for (const [model, encoding] of models)
      expect([model, encodingOf(model).encoding]).toEqual([model, same[encoding] ?? encoding]);
  });

  it('sees through provider names, fine-tunes and dates', () => {
    expect(encodingOf('openrouter/openai/gpt-4-turbo').encoding).toBe('cl100k_base');
    expect(encodingOf('ft:gpt-3.5-turbo:acme::abc').encoding).toBe('cl100k_base');
    expect(encodingOf('gpt-4o-2024-08-06').encoding).toBe('o200k_base');
  });

  it('counts Claude higher and everything unknown as it is', () => {
    expect(encodingOf('anthropic/claude-sonnet-4-5')).toEqual({ encoding: 'o200k_base', factor: 1.2 });
    expect(encodingOf('llama-3.3-70b')).toEqual({ encoding: 'o200k_base', factor: 1 });
  });
});

describe('counting tokens', () => {
  const options = { disallowedSpecial: new Set<string>() };
  it('agrees with gpt-tokenizer on ordinary text of many kinds', async () => {
    expect(await countTokens({ model: 'gpt-4o', text: prose })).toBe(o200k.countTokens(prose, options));
    expect(await countTokens({ model: 'gpt-4', text: prose })).toBe(cl100k.countTokens(prose, options));
  });

  it('agrees with gpt-tokenizer on any text without a very long run', async () => {
    const words = fc.array(
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constantFrom(...prose.split(' '))),
    );
    await fc.assert(
      fc.asyncProperty(words, async (parts) => {
        const text = parts.join(' ');
        expect(await countTokens({ model: 'gpt-4o', text })).toBe(o200k.countTokens(text, options));
      }),
      { numRuns: 200 },
    );
  });

  it('errs by no more than a few tokens a cut on very long runs', async () => {
    const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(80);
    const truth = o200k.countTokens(text, options);
    const counted = await countTokens({ model: 'gpt-4o', text });
    expect(counted).toBeGreaterThanOrEqual(truth);
    expect(counted - truth).toBeLessThanOrEqual(4 * Math.floor(text.length / longestRun));
  });
});

describe('cutting long runs', () => {
  const runs = fc
    .array(fc.tuple(fc.constantFrom('a', '7', ' ', '=', '東', '🌍', 'é', '\n'), fc.nat(3 * longestRun)), {
      maxLength: 5,
    })
    .map((parts) => parts.map(([unit, times]) => unit.repeat(times)).join(''));

  it('keeps every character, splits no surrogate pair and leaves no run longer than the bound', () => {
    fc.assert(
      fc.property(runs, (text) => {
        const pieces = [...boundedPieces(text)];
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(piece).not.toMatch(/\p{Surrogate}/u);
          for (const kind of [/\p{L}+/gu, /\p{N}+/gu, /\s+/g, /[^\s\p{L}\p{N}]+/gu])
            for (const [run] of piece.matchAll(kind)) expect(run.length).toBeLessThanOrEqual(longestRun + 1);
        }
      }),
    );
  });

  it('leaves ordinary text whole', () => {
    expect([...boundedPieces(prose.repeat(50))]).toEqual([prose.repeat(50)]);
  });
});
