import type { CanonicalRequest, JsonObject, Part, WireFormat } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohereChat } from '../../../plugins/formats/cohere-chat/index.js';
import { ollamaChat } from '../../../plugins/formats/ollama-chat/index.js';
import { ollamaGenerate } from '../../../plugins/formats/ollama-generate/index.js';
import { argumentsObject } from '../../../plugins/formats/shared/tool-arguments.js';
import { anthropicMessagesRequest } from '../generate/anthropic-messages.js';
import { cohereChatRequest } from '../generate/cohere-chat.js';
import { ollamaChatRequest, ollamaGenerateRequest } from '../generate/ollama.js';
import { openaiChatRequest } from '../generate/openai-chat.js';
import { openaiCompletionsRequest } from '../generate/openai-completions.js';
import { format, translate } from '../harness.js';

const OWN: [WireFormat, fc.Arbitrary<JsonObject>][] = [
  [ollamaChat, ollamaChatRequest],
  [ollamaGenerate, ollamaGenerateRequest],
  [cohereChat, cohereChatRequest],
];
const OTHERS: [WireFormat, fc.Arbitrary<JsonObject>][] = [
  [format('openai-chat'), openaiChatRequest],
  [format('anthropic-messages'), anthropicMessagesRequest],
  [format('openai-completions'), openaiCompletionsRequest],
];

describe('a request of another format', () => {
  for (const [to] of OWN)
    it(`keeps its texts, tools, calls and results in ${to.id}`, () => {
      for (const [from, generator] of OTHERS.slice(0, 2))
        fc.assert(
          fc.property(generator, (body) => {
            const before = meaning(from.request!.decode(body));
            const after = meaning(to.request!.decode(translate(from.id, to.id, body).body));
            let at = 0;
            for (const text of before.texts) {
              at = after.texts.join('\n').indexOf(text, at);
              expect(at, `'${text}' is missing`).toBeGreaterThanOrEqual(0);
              // A transcript says it all in the order of the conversation.
              if (to !== ollamaGenerate) at += text.length;
              else at = 0;
            }
            if (to === ollamaGenerate) return;
            expect(after.calls).toEqual(before.calls);
            expect(after.results).toEqual(before.results);
            for (const tool of after.tools) expect(before.tools).toContain(tool);
            const choice = body['tool_choice'];
            if (choice === undefined || choice === 'auto') expect(after.tools).toEqual(before.tools);
          }),
          { numRuns: 300 },
        );
    });
});

interface Meaning {
  texts: string[];
  tools: string[];
  calls: unknown[];
  results: string[];
}

/** What of a request has to arrive whichever format it is written in. */
function meaning(request: CanonicalRequest): Meaning {
  const found: Meaning = { texts: [], tools: [], calls: [], results: [] };
  for (const tool of request.tools ?? []) if (tool.kind === 'function') found.tools.push(tool.name);
  const look = (part: Part): void => {
    if (part.type === 'text' || part.type === 'refusal') found.texts.push(part.text);
    else if (part.type === 'tool-call')
      found.calls.push([part.id, part.name, argumentsObject(part.arguments)]);
    else if (part.type === 'tool-result') {
      found.results.push(part.callId);
      part.content.forEach(look);
    }
  };
  // Results stand before what else the user says in their turn, as they do in every API that has them apart.
  for (const { parts } of request.messages) {
    parts.filter((part) => part.type === 'tool-result').forEach(look);
    parts.filter((part) => part.type !== 'tool-result').forEach(look);
  }
  return found;
}
