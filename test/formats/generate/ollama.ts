import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { json, name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `POST /api/chat` and `POST /api/generate`, with unknown members everywhere. */

const image = fc.constantFrom('iVBORw0KGgo=', '/9j/4AAQ', 'R0lGODlh', 'UklGRgAA');
const images = fc.array(image, { minLength: 1, maxLength: 2 });
const plain = withExtra(
  some({ role: fc.constantFrom('system', 'user'), content: text, images }, ['role', 'content']),
);
const call = withExtra(
  some(
    {
      id: name,
      function: withExtra(
        some(
          {
            name,
            index: fc.nat(3),
            arguments: fc.dictionary(name, json, { maxKeys: 2, noNullPrototype: true }),
          },
          ['name', 'arguments'],
        ),
      ),
    },
    ['function'],
  ),
);
const assistant = withExtra(
  some(
    {
      role: fc.constant('assistant'),
      content: fc.oneof(text, fc.constant('')),
      thinking: text,
      tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
    },
    ['role', 'content'],
  ),
);
const sealed = text.chain((thought) =>
  fc.record({
    role: fc.constant('assistant'),
    content: text,
    thinking: fc.constant(thought),
    reasoning_details: fc.tuple(
      withFormat(
        fc.record({ type: fc.constant('reasoning.text'), text: fc.constant(thought), signature: text }),
      ),
      withFormat(fc.record({ type: fc.constant('reasoning.encrypted'), data: text })),
    ),
  }),
);
const tool = withExtra(
  some({ role: fc.constant('tool'), content: text, tool_name: name, tool_call_id: name, images }, [
    'role',
    'content',
  ]),
);

function withFormat(detail: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(detail, fc.option(fc.constantFrom('anthropic-claude-v1')))
    .map(([one, format]) => (format === null ? one : { ...one, format }));
}

const functionTool = withExtra(
  fc.record({
    type: fc.constant('function'),
    function: withExtra(some({ name, description: text, parameters: schema }, ['name'])),
  }),
);
const options = withExtra(
  some(
    {
      temperature: number,
      top_p: number,
      top_k: fc.nat(100),
      frequency_penalty: number,
      presence_penalty: number,
      seed: fc.integer(),
      stop: fc.array(text, { maxLength: 3 }),
      num_predict: fc.integer({ min: -2, max: 9999 }),
      num_ctx: fc.nat(9999),
      min_p: number,
    },
    ['temperature'],
  ),
);
const logprobs = some({ logprobs: fc.constant(true), top_logprobs: fc.nat(20) }, ['logprobs']);
const settings = {
  model: name,
  stream: fc.boolean(),
  format: fc.oneof(fc.constant('json'), schema),
  think: fc.constantFrom(true, false, 'low', 'medium', 'high', 'max'),
  keep_alive: fc.oneof(fc.constant('5m'), fc.nat(60)),
  options,
};

function withLogprobs(request: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(request, fc.option(logprobs, { nil: {} as JsonObject }))
    .map(([one, more]) => JSON.parse(JSON.stringify({ ...one, ...more })) as JsonObject);
}

export const ollamaChatRequest: fc.Arbitrary<JsonObject> = withLogprobs(
  withExtra(
    some(
      {
        ...settings,
        messages: fc.array(fc.oneof(plain, assistant, sealed, tool), { maxLength: 6 }),
        tools: fc.array(functionTool, { maxLength: 3 }),
        truncate: fc.boolean(),
      },
      ['model', 'messages', 'stream'],
    ),
  ),
);

export const ollamaGenerateRequest: fc.Arbitrary<JsonObject> = withLogprobs(
  withExtra(
    some(
      {
        ...settings,
        prompt: fc.oneof(text, fc.constant('')),
        system: text,
        suffix: text,
        images,
        template: text,
        raw: fc.boolean(),
        context: fc.array(fc.nat(), { maxLength: 3 }),
      },
      ['model', 'prompt', 'stream'],
    ),
  ),
);
