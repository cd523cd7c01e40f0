import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type JsonObject, type JsonValue, MalformedBody } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REQUESTS } from './generate/requests.js';
import { decodeStream, encodeStream, format, MATRIX, translate } from './harness.js';

/** Times as many runs as usual: `RUNS=20 npx vitest run test/formats/malformed.test.ts` finds what is rare. */
const TIMES = Number(process.env['RUNS'] ?? 1);

/** Runs and returns the MalformedBody it threw, if any; any other error fails the test. */
function malformed(run: () => void): MalformedBody | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof MalformedBody) return error;
    throw error;
  }
  return undefined;
}

/** All places of a JSON document, as lists of keys. */
function places(value: JsonValue | undefined, at: (string | number)[] = []): (string | number)[][] {
  const out = [at];
  if (Array.isArray(value)) value.forEach((item, i) => void out.push(...places(item, [...at, i])));
  else if (typeof value === 'object' && value !== null)
    for (const key of Object.keys(value)) out.push(...places(value[key], [...at, key]));
  return out;
}

function replaced(body: JsonObject, place: (string | number)[], by: JsonValue): JsonObject {
  const copy = structuredClone(body);
  let target: Record<string | number, JsonValue> = copy as Record<string, JsonValue>;
  for (const key of place.slice(0, -1)) target = target[key] as Record<string | number, JsonValue>;
  target[place.at(-1)!] = by;
  return copy;
}

describe('a body that is wrong', () => {
  for (const id of MATRIX) {
    it(`is read or refused by name in ${id}, whatever one value of it is replaced by`, () => {
      fc.assert(
        fc.property(REQUESTS[id], fc.nat(), fc.jsonValue(), (body, pick, value) => {
          const all = places(body).slice(1);
          const wrong = replaced(body, all[pick % all.length]!, value as JsonValue);
          for (const to of MATRIX) {
            const error = malformed(() => translate(id, to, wrong));
            if (error !== undefined) expect(error.param).toBeTruthy();
          }
        }),
        { numRuns: 80 * TIMES },
      );
    });

    it(`is read or refused by name in ${id} when it is any object, as request, answer and stream event`, () => {
      fc.assert(
        fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (any) => {
          const body = any as JsonObject;
          malformed(() => format(id).request!.decode(body));
          malformed(() => format(id).response!.encode(format(id).response!.decode(body)));
          malformed(() => encodeStream(id, decodeStream(id, [JSON.stringify(body)])));
        }),
      );
    });
  }

  for (const id of MATRIX)
    it(`is read or refused by name in ${id} when a provider sends an answer or a stream with one wrong value`, () => {
      const root = fileURLToPath(new URL(`./golden/${id}/`, import.meta.url));
      const files = (suffix: string): string[] =>
        readdirSync(root)
          .filter((file) => file.endsWith(suffix))
          .map((file) => readFileSync(root + file, 'utf8'));
      const answers = files('.response.json').map((text) => JSON.parse(text) as JsonObject);
      const streams = files('.stream.jsonl').map((text) => text.trim().split('\n'));
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.jsonValue(), (file, pick, value) => {
          const answer = answers[file % answers.length]!;
          const all = places(answer).slice(1);
          const wrong = replaced(answer, all[pick % all.length]!, value as JsonValue);
          const lines = [...streams[file % streams.length]!];
          const line = pick % lines.length;
          if (lines[line] !== '[DONE]') {
            const event = JSON.parse(lines[line]!) as JsonObject;
            const spots = places(event).slice(1);
            lines[line] = JSON.stringify(replaced(event, spots[file % spots.length]!, value as JsonValue));
          }
          for (const to of MATRIX) {
            malformed(() => format(to).response!.encode(format(id).response!.decode(wrong)));
            malformed(() => encodeStream(to, decodeStream(id, lines)));
          }
        }),
        { numRuns: 120 * TIMES },
      );
    });

  it('names the field at fault', () => {
    const cases: [string, JsonObject, string][] = [
      ['openai-chat', {}, 'model'],
      ['openai-chat', { model: 'm' }, 'messages'],
      ['openai-chat', { model: 'm', messages: {} }, 'messages'],
      ['openai-chat', { model: 'm', messages: ['hi'] }, 'messages[0]'],
      ['openai-chat', { model: 'm', messages: [{ role: 'robot', content: '' }] }, 'messages[0].role'],
      ['openai-chat', { model: 'm', messages: [{ role: 'user' }] }, 'messages[0].content'],
      [
        'openai-chat',
        { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
        'messages[0].content[0].image_url.url',
      ],
      [
        'openai-chat',
        { model: 'm', messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
        'messages[0].tool_calls[0].function.name',
      ],
      ['openai-chat', { model: 'm', messages: [], temperature: 'hot' }, 'temperature'],
      ['openai-chat', { model: 'm', messages: [], tools: [{ type: 'function' }] }, 'tools[0].function'],
      ['openai-chat', { model: 'm', messages: [], reasoning_effort: 'huge' }, 'reasoning_effort'],
      ['anthropic-messages', { model: 'm', messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
      [
        'anthropic-messages',
        { model: 'm', messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
        'messages[0].content[0].tool_use_id',
      ],
      ['anthropic-messages', { model: 'm', messages: [], tool_choice: { type: 'some' } }, 'tool_choice.type'],
      ['openai-completions', { model: 'm', prompt: [[1, 2]] }, 'prompt'],
    ];
    for (const [id, body, param] of cases) {
      const error = malformed(() => format(id).request!.decode(body));
      expect(error?.param, `${id} ${param}`).toBe(param);
      expect(error?.message).toContain(param);
    }
  });

  it('is refused when a stream event is no JSON object', () => {
    for (const id of MATRIX)
      for (const data of ['', '[]', '"text"', '{', 'null'])
        expect(() => decodeStream(id, [data]), `${id} ${data}`).toThrow(MalformedBody);
  });

  it('keeps a member called __proto__ as a member', () => {
    const body = JSON.parse('{"model":"m","messages":[],"__proto__":{"polluted":true}}') as JsonObject;
    for (const id of ['openai-chat', 'anthropic-messages']) {
      const request = format(id).request!.decode(body);
      expect(Object.hasOwn(request.extra!, '__proto__')).toBe(true);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }
  });
});
