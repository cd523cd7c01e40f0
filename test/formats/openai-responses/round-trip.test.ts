import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicMessagesRequest } from '../generate/anthropic-messages.js';
import { openaiChatRequest } from '../generate/openai-chat.js';
import { openaiResponsesRequest } from '../generate/openai-responses.js';
import { format, MATRIX, translate } from '../harness.js';

const OWN = 'openai-responses';
const GENERATORS = {
  'openai-chat': openaiChatRequest,
  'anthropic-messages': anthropicMessagesRequest,
};

/** What a request says, whatever its format: every text, every call, every result. */
function meaning(id: string, body: JsonObject) {
  const { messages, tools } = format(id).request!.decode(body);
  const texts: string[] = [];
  const calls: [string, string, string][] = [];
  const results: string[] = [];
  for (const message of messages)
    for (const part of message.parts) {
      if (part.type === 'text' || part.type === 'refusal') texts.push(part.text);
      if (part.type === 'tool-call') calls.push([part.id, part.name, part.arguments]);
      if (part.type === 'tool-result') results.push(part.callId);
    }
  const functions = (tools ?? []).flatMap((tool) =>
    tool.kind === 'function' ? [[tool.name, tool.description]] : [],
  );
  return { texts: texts.filter((one) => one !== '').sort(), calls, results, functions };
}

describe('a request of the Responses API', () => {
  it('keeps its calls, results and functions in chat completions', () => {
    fc.assert(
      fc.property(openaiResponsesRequest, (body) => {
        const { body: out } = translate(OWN, 'openai-chat', body, { fullOpenai: true });
        const there = meaning('openai-chat', out);
        const here = meaning(OWN, body);
        expect(there.calls).toEqual(here.calls);
        expect(there.results).toEqual(here.results);
        expect(there.functions).toEqual(here.functions);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a request of another format', () => {
  for (const from of ['openai-chat', 'anthropic-messages'] as const)
    it(`of ${from} keeps its texts, calls, results and functions`, () => {
      fc.assert(
        fc.property(GENERATORS[from], (body) => {
          const { body: out } = translate(from, OWN, body, { fullOpenai: true });
          const there = meaning(OWN, out);
          const here = meaning(from, body);
          // A text document becomes a text; system messages may be joined.
          expect(there.texts.join('')).toSatisfy((all: string) =>
            here.texts.every((one) => all.includes(one)),
          );
          expect(there.calls).toEqual(here.calls);
          expect([...there.results].sort()).toEqual([...here.results].sort());
          expect(there.functions).toEqual(here.functions);
        }),
        { numRuns: 300 },
      );
    });
});

describe('a body that is wrong', () => {
  it('is refused by the name of its field', () => {
    const user = { role: 'user', content: 'hi' };
    const cases: [JsonObject, string][] = [
      [{}, 'model'],
      [{ model: 'm', input: 7 }, 'input'],
      [{ model: 'm', input: ['hi'] }, 'input[0]'],
      [{ model: 'm', input: [{ role: 'robot', content: '' }] }, 'input[0].role'],
      [{ model: 'm', input: [{ role: 'user' }] }, 'input[0].content'],
      [{ model: 'm', input: [{}] }, 'input[0].type'],
      [{ model: 'm', input: [{ type: 'function_call', name: 'f' }] }, 'input[0].call_id'],
      [{ model: 'm', input: [{ type: 'function_call_output', call_id: 'a' }] }, 'input[0].output'],
      [
        { model: 'm', input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
        'input[0].content[0].image_url',
      ],
      [
        { model: 'm', input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
        'input[0].content[0].file_data',
      ],
      [{ model: 'm', input: [{ role: 'user', content: [{ text: 'x' }] }] }, 'input[0].content[0].type'],
      [{ model: 'm', input: [user], tools: [{ type: 'function' }] }, 'tools[0].name'],
      [{ model: 'm', input: [user], tools: [{ name: 'f' }] }, 'tools[0].type'],
      [{ model: 'm', input: [user], tool_choice: 'some' }, 'tool_choice'],
      [{ model: 'm', input: [user], temperature: 'hot' }, 'temperature'],
      [{ model: 'm', input: [user], reasoning: { effort: 'huge' } }, 'reasoning.effort'],
      [{ model: 'm', input: [user], text: { format: { type: 'json_schema' } } }, 'text.format.schema'],
      [{ model: 'm', input: [user], metadata: { a: 1 } }, 'metadata.a'],
    ];
    for (const [body, param] of cases) {
      let error: unknown;
      try {
        format(OWN).request!.decode(body);
      } catch (thrown) {
        error = thrown;
      }
      expect(error, param).toBeInstanceOf(MalformedBody);
      expect((error as MalformedBody).param).toBe(param);
    }
  });

  /** A copy in which one value, picked from all there are, is another. */
  function damaged(body: JsonObject, pick: number, value: unknown): JsonObject {
    const places: [JsonObject, string][] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node as JsonObject, key]);
        walk((node as JsonObject)[key]);
      }
    };
    const wrong = structuredClone(body);
    walk(wrong);
    const [node, key] = places[pick % places.length]!;
    node[key] = value as JsonObject[string];
    return wrong;
  }

  function malformed(run: () => void): MalformedBody | undefined {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedBody);
      return error as MalformedBody;
    }
    return undefined;
  }

  it('is read or refused by name, whatever one value of it is replaced by', () => {
    fc.assert(
      fc.property(openaiResponsesRequest, fc.nat(), fc.jsonValue(), (body, pick, value) => {
        const wrong = damaged(body, pick, value);
        for (const to of MATRIX) {
          const error = malformed(() => translate(OWN, to, wrong));
          if (error !== undefined) expect(error.param).toBeTruthy();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused as an answer too', () => {
    const root = fileURLToPath(new URL('../golden/openai-responses/', import.meta.url));
    const answers = readdirSync(root)
      .filter((file) => file.endsWith('.response.json'))
      .map((file) => JSON.parse(readFileSync(root + file, 'utf8')) as JsonObject);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.jsonValue(), (file, pick, value) => {
        const wrong = damaged(answers[file % answers.length]!, pick, value);
        for (const to of MATRIX)
          malformed(() => format(to).response!.encode(format(OWN).response!.decode(structuredClone(wrong))));
      }),
      { numRuns: 1000 },
    );
  });
});
