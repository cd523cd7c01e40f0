import type { JsonObject } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gemini } from '../../../plugins/formats/gemini/index.js';
import { geminiRequest } from '../generate/gemini.js';
import { MATRIX, translate } from '../harness.js';

/** Objects whose names belong to the client or to no format. */
const FREE = new Set(['args', 'response', 'parameters', 'parametersJsonSchema', 'responseSchema', 'labels']);

/** A value with all names of its members in snake_case, but for free-form objects. */
function snake(value: unknown, freeForm: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => snake(one, freeForm));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.startsWith('x_') ? key : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      freeForm.has(key) || key.startsWith('x_') ? one : snake(one, freeForm),
    ]),
  );
}

describe('a Gemini request', () => {
  it('may be spelled in snake_case', () => {
    fc.assert(
      fc.property(geminiRequest, (body) => {
        const spelled = snake(body, new Set([...FREE, 'responseJsonSchema'])) as JsonObject;
        const once = translate('gemini', 'gemini', spelled, { model: 'm' }).body;
        // Members that the codec has no name for keep their spelling; all that the hub says is the same.
        const hub = (one: JsonObject) => {
          const { extra: _, ...request } = gemini.request!.decode(one);
          return JSON.parse(
            JSON.stringify(request, (key, value: unknown) =>
              key === 'extra' || key === 'value' ? undefined : value,
            ),
          ) as JsonObject;
        };
        expect(hub(spelled)).toEqual(hub(body));
        expect(hub(once)).toEqual(hub(body));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a request of another format', () => {
  it('keeps its texts and its calls, and each result its call', () => {
    // Built by hand rather than generated: generated histories answer calls that were never made.
    const story = fc
      .array(
        fc.record({
          ask: fc.string({ minLength: 1 }).filter((one) => one.trim() !== ''),
          names: fc.array(fc.constantFrom('one', 'two'), { minLength: 1, maxLength: 3 }),
          shuffle: fc.boolean(),
        }),
        { minLength: 1, maxLength: 3 },
      )
      .map((turns) => {
        let n = 0;
        return turns.map((turn) => ({
          ...turn,
          calls: turn.names.map((name) => ({ id: `id_${n++}`, name })),
        }));
      });
    fc.assert(
      fc.property(story, (turns) => {
        const messages = turns.flatMap((turn) => {
          const results = turn.calls.map((call) => ({
            role: 'tool',
            tool_call_id: call.id,
            content: `result of ${call.id}`,
          }));
          if (turn.shuffle) results.reverse();
          return [
            { role: 'user', content: turn.ask },
            {
              role: 'assistant',
              content: null,
              tool_calls: turn.calls.map((call) => ({
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: `{"id":"${call.id}"}` },
              })),
            },
            ...results,
          ];
        });
        const { body } = translate(
          'openai-chat',
          'gemini',
          { model: 'm', messages } as unknown as JsonObject,
          {
            model: 'gemini-3-flash-preview',
          },
        );
        const back = gemini.request!.decode(body);
        const parts = back.messages.flatMap((message) => message.parts);
        const ids = new Map<string, string>();
        for (const part of parts)
          if (part.type === 'tool-call') ids.set(part.id, (JSON.parse(part.arguments) as { id: string }).id);
        expect(ids.size).toBe(turns.flatMap((turn) => turn.calls).length);
        for (const part of parts)
          if (part.type === 'tool-result')
            expect(part.content).toMatchObject([{ type: 'text', text: `result of ${ids.get(part.callId)}` }]);
        expect(parts.filter((part) => part.type === 'text').map((part) => part.text)).toEqual(
          turns.map((turn) => turn.ask),
        );
      }),
    );
  });
});

function malformed(body: JsonObject): MalformedBody | undefined {
  try {
    gemini.request!.decode(body);
  } catch (error) {
    if (error instanceof MalformedBody) return error;
    throw error;
  }
  return undefined;
}

describe('a Gemini body that is wrong', () => {
  it('names the field at fault', () => {
    const cases: [JsonObject, string][] = [
      [{}, 'contents'],
      [{ contents: 'hi' }, 'contents'],
      [{ contents: ['hi'] }, 'contents[0]'],
      [{ contents: [{ role: 'robot', parts: [] }] }, 'contents[0].role'],
      [{ contents: [{ parts: ['hi'] }] }, 'contents[0].parts[0]'],
      [{ contents: [{ parts: [{ text: 7 }] }] }, 'contents[0].parts[0].text'],
      [{ contents: [{ parts: [{ functionCall: { args: {} } }] }] }, 'contents[0].parts[0].functionCall.name'],
      [
        { contents: [{ parts: [{ inlineData: { mimeType: 'image/png' } }] }] },
        'contents[0].parts[0].inlineData.data',
      ],
      [{ contents: [], generationConfig: { temperature: 'hot' } }, 'generationConfig.temperature'],
      [{ contents: [], generation_config: { max_output_tokens: 1.5 } }, 'generationConfig.maxOutputTokens'],
      [{ contents: [], tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
    ];
    for (const [body, param] of cases) {
      const error = malformed(body);
      expect(error?.param, param).toBe(param);
      expect(error?.message).toContain(param);
    }
  });

  it('is read or refused by name, whatever one value of it is replaced by', () => {
    const places = (value: unknown, at: (string | number)[] = []): (string | number)[][] =>
      typeof value === 'object' && value !== null
        ? [at, ...Object.entries(value).flatMap(([key, one]) => places(one, [...at, key]))]
        : [at];
    fc.assert(
      fc.property(geminiRequest, fc.nat(), fc.jsonValue(), (body, pick, value) => {
        const all = places(body).slice(1);
        const place = all[pick % all.length]!;
        const wrong = structuredClone(body);
        let target = wrong as Record<string | number, unknown>;
        for (const key of place.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
        target[place.at(-1)!] = value;
        for (const to of MATRIX) {
          try {
            translate('gemini', to, wrong, { model: 'claude-sonnet-4-5' });
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedBody);
            expect((error as MalformedBody).param).toBeTruthy();
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it('keeps a member called __proto__ as a member', () => {
    const body = JSON.parse(
      '{"contents":[],"safety_settings":[],"__proto__":{"polluted":true}}',
    ) as JsonObject;
    const request = gemini.request!.decode(body);
    expect(Object.hasOwn(request.extra!, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('the detail of a picture', () => {
  const image_url = (detail: string) => ({ url: 'data:image/png;base64,iVBORw0KGgo=', detail });
  const ask = (detail: string, model: string) => {
    const content = [{ type: 'image_url', image_url: image_url(detail) }];
    const { body, warnings } = translate(
      'openai-chat',
      'gemini',
      { model: 'm', messages: [{ role: 'user', content }] },
      { model },
    );
    const [turn] = body['contents'] as { parts: JsonObject[] }[];
    return [turn?.parts[0]?.['mediaResolution'], warnings.length];
  };

  it('is its resolution for models that take one of each picture', () => {
    expect(ask('high', 'gemini-3-pro-preview')).toEqual([{ level: 'MEDIA_RESOLUTION_HIGH' }, 0]);
    expect(ask('low', 'gemini-3-pro-preview')).toEqual([{ level: 'MEDIA_RESOLUTION_LOW' }, 0]);
    expect(ask('auto', 'gemini-3-pro-preview')).toEqual([undefined, 0]);
    expect(ask('high', 'gemini-2.5-flash')).toEqual([undefined, 1]);
  });

  it('reaches other formats, and comes back to Gemini as it was', () => {
    const part = (level: string) => ({
      inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
      mediaResolution: { level },
    });
    const contents = [
      { role: 'user', parts: [part('MEDIA_RESOLUTION_LOW'), part('MEDIA_RESOLUTION_ULTRA_HIGH')] },
    ];
    const { body } = translate('gemini', 'openai-chat', { contents }, { model: 'gpt-4o' });
    const [message] = body['messages'] as { content: { image_url: JsonObject }[] }[];
    expect(message?.content.map((one) => one.image_url['detail'])).toEqual(['low', undefined]);
    expect(translate('gemini', 'gemini', { contents }, { model: 'gemini-2.5-flash' })).toEqual({
      body: { contents },
      warnings: [],
    });
  });
});
