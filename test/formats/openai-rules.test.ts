import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { translate } from './harness.js';

/** Rules of OpenAI's API that requests of other formats do not know. */

const TARGETS = ['openai-chat', 'openai-responses'] as const;

function fromOllama(target: (typeof TARGETS)[number], body: JsonObject) {
  return translate('ollama-chat', target, { model: 'm', ...body }, { model: 'gpt-4o' });
}

function fromCohere(target: (typeof TARGETS)[number], parameters: JsonObject) {
  const body = {
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ type: 'function', function: { name: 'f', parameters } }],
    strict_tools: true,
  };
  return translate('cohere-chat', target, body, { model: 'gpt-4o' });
}

/** The function of the one tool: beside its type in one API, inside in the other. */
function toolOf(body: JsonObject): JsonObject {
  const [tool] = body['tools'] as JsonObject[];
  return (tool?.['function'] ?? tool) as JsonObject;
}

/**
 * Strict tools of Bedrock and Cohere went to OpenAI as they were. It answered 400: `additionalProperties` must be there and
 * false, and `required` must name every member. Neither API asks for both.
 */
describe.each(TARGETS)('strict tools of %s', (target) => {
  it('have closed schemas, however deep', () => {
    const inner = { type: 'object', properties: { zip: { type: 'string' } }, required: ['zip'] };
    const { body, warnings } = fromCohere(target, {
      type: 'object',
      properties: { at: { anyOf: [inner, { type: 'null' }] }, more: { type: 'array', items: inner } },
      required: ['at', 'more'],
    });
    const closed = { ...inner, additionalProperties: false };
    expect(toolOf(body)).toMatchObject({
      strict: true,
      parameters: {
        properties: { at: { anyOf: [closed, { type: 'null' }] }, more: { type: 'array', items: closed } },
        additionalProperties: false,
      },
    });
    expect(warnings).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['optional members', { type: 'object', properties: { a: {}, b: {} }, required: ['a'] }],
    ['members of any name', { type: 'object', properties: {}, additionalProperties: { type: 'string' } }],
    [
      'an open object inside',
      { type: 'object', properties: { a: { type: 'array', items: { type: 'object' } } }, required: ['a'] },
    ],
    ['words that are refused', { type: 'object', properties: { a: { oneOf: [{}] } }, required: ['a'] }],
  ])('are not strict with %s', (_, parameters) => {
    const { body, warnings } = fromCohere(target, parameters);
    const tool = toolOf(body);
    expect(tool['parameters']).toEqual(parameters);
    expect(tool['strict'] ?? false).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/^tools: .*closed/)]);
  });
});

/**
 * Ollama's `format: "json"` and Gemini's `responseMimeType` became `json_object`, which OpenAI refuses with 400 unless a
 * message has the word JSON in it; for responses it must be one of `input`, not `instructions`.
 */
describe.each(TARGETS)('JSON without a schema at %s', (target) => {
  const list = target === 'openai-chat' ? 'messages' : 'input';
  const added = (body: JsonObject) => JSON.stringify(body[list]).includes('Answer in JSON.');

  it('is asked for in words where no message does', () => {
    const { body } = fromOllama(target, { messages: [{ role: 'user', content: 'Add.' }], format: 'json' });
    expect((body[list] as JsonObject[])[0]).toMatchObject({ role: 'system', content: 'Answer in JSON.' });
    expect(body[list]).toHaveLength(2);
  });

  it('is not asked for twice, nor where nobody wants it', () => {
    const said = [{ role: 'user', content: 'Add, as json.' }];
    expect(added(fromOllama(target, { messages: said, format: 'json' }).body)).toBe(false);
    const plain = [{ role: 'user', content: 'Add.' }];
    expect(added(fromOllama(target, { messages: plain }).body)).toBe(false);
  });

  it('is asked for where only instructions of responses would', () => {
    const messages = [
      { role: 'system', content: 'JSON only.' },
      { role: 'user', content: 'Add.' },
    ];
    expect(added(fromOllama(target, { messages, format: 'json' }).body)).toBe(target === 'openai-responses');
  });
});

/** A table named `Table` reached OpenAI without an ending, by which it tells the kinds of files. */
it('files are named by their kind', () => {
  const document = (name: string) => ({ document: { format: 'csv', name, source: { bytes: 'YSxi' } } });
  const body = { messages: [{ role: 'user', content: [document('Table'), document('b.csv')] }] };
  for (const target of TARGETS) {
    const written = JSON.stringify(translate('bedrock-converse', target, body, { model: 'gpt-4o' }).body);
    expect(written.match(/"filename":"[^"]*"/g)).toEqual(['"filename":"Table.csv"', '"filename":"b.csv"']);
  }
});

/** Ollama's `suffix`, by which editors have a gap filled, was dropped on the way to the one API of OpenAI's that has it too. */
describe('a gap in a text', () => {
  const fill = (body: JsonObject) =>
    translate(
      'ollama-generate',
      'openai-completions',
      { model: 'm', prompt: 'def f(', ...body },
      { model: 'm' },
    );

  it('is filled by completions', () => {
    const { body, warnings } = fill({ suffix: 'return x' });
    expect(body).toMatchObject({ prompt: 'def f(', suffix: 'return x' });
    expect(warnings).toEqual([]);
  });

  it('is not one in a transcript', () => {
    const { body, warnings } = fill({ suffix: 'return x', system: 'Python.' });
    expect(body['suffix']).toBeUndefined();
    expect(warnings).toContain('suffix: not part of this format');
  });
});

describe('what models that reason refuse', () => {
  // A client of Anthropic's API with a temperature got a 400 of OpenAI's when its model was gpt-5.
  const body = {
    model: 'm',
    max_tokens: 100,
    temperature: 0.5,
    top_p: 0.9,
    stop_sequences: ['END'],
    messages: [{ role: 'user', content: 'Hi' }],
  };
  const thinking = { ...body, thinking: { type: 'enabled', budget_tokens: 4000 } };

  it.each([
    ['gpt-5', ['temperature', 'top_p', 'stop']],
    ['openai/gpt-5-mini', ['temperature', 'top_p', 'stop']],
    ['gpt-5.2', ['temperature', 'top_p', 'stop']],
    ['o3', ['temperature', 'top_p', 'stop']],
    ['o4-mini-2025-04-16', ['temperature', 'top_p', 'stop']],
    ['gpt-5-chat-latest', []],
    ['gpt-4o', []],
    ['gpt-4.1-mini', []],
    ['gpt-oss-120b', []],
    ['my-deployment', []],
  ])('%s is not asked for it', (model, left) => {
    const { body: sent, warnings } = translate('anthropic-messages', 'openai-chat', body, { model });
    for (const name of ['temperature', 'top_p', 'stop']) expect(name in sent).toBe(!left.includes(name));
    expect(warnings.map((text) => text.split(':')[0])).toEqual(left);
    const { body: other } = translate('anthropic-messages', 'openai-responses', body, { model });
    expect('temperature' in other).toBe(!left.includes('temperature'));
  });

  it('is sent when they are told not to reason and may be', () => {
    const quiet = { model: 'm', temperature: 0.5, reasoning_effort: 'none', messages: body.messages };
    const at = (model: string) => translate('openai-chat', 'openai-responses', quiet, { model }).body;
    expect(at('gpt-5.1')).toMatchObject({ temperature: 0.5, reasoning: { effort: 'none' } });
    expect(at('gpt-5')['temperature']).toBeUndefined();
  });

  it('leaves out without a word what holds anyway', () => {
    const usual = { ...body, temperature: 1, top_p: 1, stop_sequences: undefined };
    const { body: sent, warnings } = translate('anthropic-messages', 'openai-chat', usual as never, {
      model: 'gpt-5',
    });
    expect(sent['temperature']).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('is an effort for models that do not reason', () => {
    const { body: sent, warnings } = translate('anthropic-messages', 'openai-chat', thinking, {
      model: 'gpt-4o',
    });
    expect(sent['reasoning_effort']).toBeUndefined();
    expect(warnings).toContain('reasoning: this model does not reason');
    const { body: other } = translate('anthropic-messages', 'openai-chat', thinking, { model: 'gpt-5' });
    expect(other['reasoning_effort']).toBe('medium');
  });

  it('is the client’s own affair in requests of the same API', () => {
    const own = { model: 'm', temperature: 0.5, messages: body.messages };
    expect(translate('openai-chat', 'openai-chat', own, { model: 'gpt-5' }).body['temperature']).toBe(0.5);
  });
});
