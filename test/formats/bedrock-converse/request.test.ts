import type { CanonicalRequest, JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicMessagesRequest } from '../generate/anthropic-messages.js';
import { openaiChatRequest } from '../generate/openai-chat.js';
import { openaiCompletionsRequest } from '../generate/openai-completions.js';
import { format, translate } from '../harness.js';
import { bedrock, CLAUDE } from './harness.js';

const OTHERS = {
  'openai-chat': openaiChatRequest,
  'anthropic-messages': anthropicMessagesRequest,
  'openai-completions': openaiCompletionsRequest,
};

const MODELS = [
  CLAUDE,
  'us.anthropic.claude-opus-5-5',
  'amazon.nova-2-lite-v1:0',
  'openai.gpt-oss-120b-1:0',
  'mistral.mistral-large-2402-v1:0',
  'meta.llama3-3-70b-instruct-v1:0',
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
];

/** What was said and called, in order, sides joined as Converse joins them. */
function meaning(request: CanonicalRequest): { said: string; calls: string[]; results: number } {
  let said = '';
  const calls: string[] = [];
  let results = 0;
  for (const message of request.messages)
    for (const part of message.parts) {
      if (part.type === 'text' || part.type === 'refusal') said += part.text;
      if (part.type === 'tool-call') calls.push(part.name);
      if (part.type === 'tool-result') results++;
    }
  return { said: said.replace(/\s/g, ''), calls, results };
}

describe('a request of another format', () => {
  for (const [from, generator] of Object.entries(OTHERS)) {
    it(`can be encoded from ${from} for every family of models, and is understood again`, () => {
      fc.assert(
        fc.property(generator, fc.constantFrom(...MODELS), (body, model) => {
          const { body: out } = translate(from, 'bedrock-converse', body, { model });
          expect(translate('bedrock-converse', 'bedrock-converse', out).body).toEqual(out);
        }),
        { numRuns: 300 },
      );
    });

    it(`keeps its texts, calls and results from ${from}`, () => {
      fc.assert(
        fc.property(generator, (body) => {
          const canonical = format(from).request!.decode(body);
          const { body: out } = translate(from, 'bedrock-converse', body, { model: CLAUDE });
          const back = bedrock.request!.decode(out);
          const before = meaning(canonical);
          const after = meaning(back);
          // An opening, marks around late instructions and results moved to the front are the only things added.
          for (const char of new Set(before.said)) expect(after.said).toContain(char);
          expect(after.calls).toEqual(before.calls);
          expect(after.results).toBe(before.results);
          const ids = back.messages.flatMap((one) =>
            one.parts.flatMap((p) => (p.type === 'tool-call' ? [p.id] : [])),
          );
          for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
        }),
        { numRuns: 300 },
      );
    });

    it(`follows Converse's rules when it comes from ${from}`, () => {
      fc.assert(
        fc.property(generator, fc.constantFrom(...MODELS), (body, model) => {
          const { body: out } = translate(from, 'bedrock-converse', body, { model });
          const messages = out['messages'] as { role: string; content: JsonObject[] }[];
          messages.forEach((message, i) => {
            expect(message.role).toBe(i % 2 === 0 ? 'user' : 'assistant');
            expect(message.content.length).toBeGreaterThan(0);
            for (const block of message.content)
              if (typeof block['text'] === 'string') expect(block['text'].trim()).not.toBe('');
          });
          const config = out['toolConfig'] as { tools: JsonObject[] } | undefined;
          if (config !== undefined) expect(config.tools.length).toBeGreaterThan(0);
          const uses = messages.some((one) =>
            one.content.some((block) => block['toolUse'] !== undefined || block['toolResult'] !== undefined),
          );
          if (uses) expect(config).toBeDefined();
        }),
        { numRuns: 300 },
      );
    });
  }
});
