import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicMessagesRequest } from './generate/anthropic-messages.js';
import { openaiChatRequest } from './generate/openai-chat.js';
import { openaiCompletionsRequest } from './generate/openai-completions.js';
import { CHAT_FORMATS, translate } from './harness.js';

const GENERATORS = {
  'openai-chat': openaiChatRequest,
  'anthropic-messages': anthropicMessagesRequest,
  'openai-completions': openaiCompletionsRequest,
};

describe('a request that goes through the hub and back', () => {
  for (const id of CHAT_FORMATS)
    it(`loses nothing in ${id}`, () => {
      fc.assert(
        fc.property(GENERATORS[id], (body) => {
          const { body: back, warnings } = translate(id, id, body);
          expect(back).toEqual(body);
          expect(warnings).toEqual([]);
        }),
        { numRuns: 300 },
      );
    });

  it('can be encoded in every other format', () => {
    for (const from of CHAT_FORMATS)
      for (const to of CHAT_FORMATS)
        fc.assert(
          fc.property(GENERATORS[from], (body) => {
            const { body: out } = translate(from, to, body, { model: 'claude-sonnet-4-5' });
            expect(out['model']).toBe('claude-sonnet-4-5');
          }),
          { numRuns: 100 },
        );
  });

  it('is understood again by the format it was translated to', () => {
    for (const from of CHAT_FORMATS)
      for (const to of CHAT_FORMATS)
        fc.assert(
          fc.property(GENERATORS[from], (body) => {
            const { body: out } = translate(from, to, body, { model: 'm' });
            expect(translate(to, to, out, { model: 'm' }).body).toEqual(out);
          }),
          { numRuns: 100 },
        );
  });
});
