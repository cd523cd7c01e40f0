import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `POST /v1/chat/completions`, with unknown members everywhere. */

const cache = fc.constantFrom(
  { type: 'ephemeral' },
  { type: 'ephemeral', ttl: '1h' },
  { type: 'ephemeral', ttl: '5m' },
);
const textPart = withExtra(some({ type: fc.constant('text'), text, cache_control: cache }, ['type', 'text']));
const imagePart = withExtra(
  fc.record({
    type: fc.constant('image_url'),
    image_url: withExtra(
      some(
        {
          url: fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,iVBORw0KGgo='),
          detail: fc.constantFrom('low', 'high', 'auto'),
        },
        ['url'],
      ),
    ),
  }),
);
const audioPart = fc.record({
  type: fc.constant('input_audio'),
  input_audio: fc.record({ data: fc.constant('UklGRg=='), format: fc.constantFrom('wav', 'mp3') }),
});
const filePart = withExtra(
  fc.record({
    type: fc.constant('file'),
    file: fc.oneof(
      fc.record({ file_data: fc.constant('data:application/pdf;base64,JVBERi0='), filename: name }),
      fc.record({ file_id: name }),
    ),
  }),
);
const unknownPart = fc.record({ type: fc.constant('video_url'), video_url: fc.record({ url: text }) });

/** Several parts, or one that is not plain text: a single plain text is written as a string, which means the same. */
const parts = (part: fc.Arbitrary<JsonObject>) => fc.array(part, { minLength: 2, maxLength: 3 });
const system = withExtra(
  some({ role: fc.constantFrom('system', 'developer'), content: fc.oneof(text, parts(textPart)), name }, [
    'role',
    'content',
  ]),
);
const user = withExtra(
  some(
    {
      role: fc.constant('user'),
      content: fc.oneof(
        text,
        parts(fc.oneof(textPart, imagePart, audioPart, filePart, unknownPart) as fc.Arbitrary<JsonObject>),
      ),
      name,
    },
    ['role', 'content'],
  ),
);
const argumentsText = fc.oneof(
  fc.constantFrom('{"city":"Paris"}', '', '{broken', '[1]'),
  fc.json({ maxDepth: 1 }),
);
const functionCall = withExtra(
  fc.record({
    id: text,
    type: fc.constant('function'),
    function: withExtra(fc.record({ name, arguments: argumentsText })),
  }),
);
const customCall = withExtra(
  fc.record({ id: text, type: fc.constant('custom'), custom: fc.record({ name, input: text }) }),
);
const reasoningDetail = fc.oneof(
  withExtra(
    some({ type: fc.constant('reasoning.text'), text, signature: text, index: fc.nat(3) }, ['type', 'text']),
  ),
  withExtra(fc.record({ type: fc.constant('reasoning.encrypted'), data: text })),
  withExtra(fc.record({ type: fc.constant('reasoning.summary'), summary: text })),
);
const assistant = withExtra(
  some(
    {
      role: fc.constant('assistant'),
      content: fc.oneof(text, parts(textPart)),
      refusal: text,
      tool_calls: fc.array(fc.oneof(functionCall, customCall), { minLength: 1, maxLength: 3 }),
      reasoning_content: text,
      name,
    },
    ['role', 'content'],
  ),
);
const signed = withExtra(
  fc.record({
    role: fc.constant('assistant'),
    content: text,
    reasoning_details: fc.array(reasoningDetail, { minLength: 1, maxLength: 3 }),
  }),
);
const callsOnly = fc.record({
  role: fc.constant('assistant'),
  content: fc.constantFrom(null, ''),
  tool_calls: fc.array(functionCall, { minLength: 1, maxLength: 2 }),
});
const tool = withExtra(
  some(
    {
      role: fc.constant('tool'),
      tool_call_id: text,
      content: fc.oneof(text, parts(textPart)),
      cache_control: cache,
    },
    ['role', 'tool_call_id', 'content'],
  ),
);
const functionTool = withExtra(
  some(
    {
      type: fc.constant('function'),
      function: withExtra(
        some({ name, description: text, parameters: schema, strict: fc.boolean() }, ['name']),
      ),
      cache_control: cache,
    },
    ['type', 'function'],
  ),
);
const customTool = fc.record({ type: fc.constant('custom'), custom: withExtra(fc.record({ name })) });
const toolChoice = fc.oneof(
  fc.constantFrom('auto', 'none', 'required'),
  fc.record({ type: fc.constant('function'), function: fc.record({ name }) }),
  fc.constant({ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }),
);
const responseFormat = fc.oneof(
  fc.constantFrom({ type: 'text' }, { type: 'json_object' }),
  fc.record({
    type: fc.constant('json_schema'),
    json_schema: some({ name, description: text, schema, strict: fc.boolean() }, ['name', 'schema']),
  }),
  fc.constant({ type: 'regex', pattern: 'a+' }),
);
const effort = fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max');

const request = withExtra(
  some(
    {
      model: name,
      messages: fc.array(fc.oneof(system, user, assistant, callsOnly, signed, tool), { maxLength: 6 }),
      tools: fc.array(fc.oneof(functionTool, customTool) as fc.Arbitrary<JsonObject>, { maxLength: 3 }),
      tool_choice: toolChoice,
      parallel_tool_calls: fc.boolean(),
      response_format: responseFormat,
      temperature: number,
      top_p: number,
      top_k: fc.nat(100),
      frequency_penalty: number,
      presence_penalty: number,
      seed: fc.integer(),
      stop: fc.array(text, { minLength: 1, maxLength: 4 }),
      logit_bias: fc.dictionary(fc.stringMatching(/^[0-9]{1,4}$/), fc.integer({ min: -100, max: 100 }), {
        noNullPrototype: true,
      }),
      max_completion_tokens: fc.nat(100_000),
      n: fc.integer({ min: 1, max: 4 }),
      user: text,
      metadata: fc.dictionary(name, text, { maxKeys: 2, noNullPrototype: true }),
      service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
      stream_options: withExtra(fc.record({ include_usage: fc.constant(true) })),
      store: fc.boolean(),
      modalities: fc.constant(['text']),
      prompt_cache_key: text,
    },
    ['model', 'messages'],
  ),
);
const logprobs = some({ logprobs: fc.constant(true), top_logprobs: fc.nat(5) }, ['logprobs']);
const thinking = fc.oneof(
  fc.record({ reasoning_effort: effort }),
  fc.record({
    reasoning: withExtra(
      some(
        { effort: effort.filter((one) => one !== 'none'), max_tokens: fc.nat(9999), enabled: fc.boolean() },
        [],
      ),
    ),
  }),
);

export const openaiChatRequest: fc.Arbitrary<JsonObject> = fc
  .tuple(request, fc.option(logprobs, { nil: {} }), fc.option(thinking, { nil: {} }))
  .map((members) => JSON.parse(JSON.stringify(Object.assign({}, ...members))) as JsonObject);
