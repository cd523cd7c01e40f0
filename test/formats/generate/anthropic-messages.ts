import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { json, name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `POST /v1/messages`, with unknown members everywhere. */

const cache = fc.constantFrom(
  { type: 'ephemeral' },
  { type: 'ephemeral', ttl: '1h' },
  { type: 'ephemeral', ttl: '5m' },
);
const textBlock = withExtra(
  some(
    {
      type: fc.constant('text'),
      text,
      cache_control: cache,
      citations: fc.array(fc.constant({ type: 'char_location', start_char_index: 0 }), { minLength: 1 }),
    },
    ['type', 'text'],
  ),
);
const imageSource = fc.oneof(
  fc.constantFrom(
    { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
    { type: 'url', url: 'https://example.com/a.png' },
  ),
  fc.record({ type: fc.constant('file'), file_id: name }),
);
const image = withExtra(
  some({ type: fc.constant('image'), source: imageSource, cache_control: cache }, ['type', 'source']),
);
const documentSource = fc.oneof(
  fc.constantFrom(
    { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
    { type: 'url', url: 'https://example.com/a.pdf' },
    { type: 'text', media_type: 'text/plain', data: 'plain' },
    { type: 'content', content: [{ type: 'text', text: 'chunk' }] },
  ),
  fc.record({ type: fc.constant('file'), file_id: name }),
);
const document = withExtra(
  some(
    {
      type: fc.constant('document'),
      source: documentSource,
      title: text,
      context: text,
      citations: fc.constant({ enabled: true }),
    },
    ['type', 'source'],
  ),
);
const searchResult = fc.record({
  type: fc.constant('search_result'),
  source: text,
  title: text,
  content: fc.array(textBlock, { maxLength: 2 }),
});
const thinking = withExtra(fc.record({ type: fc.constant('thinking'), thinking: text, signature: text }));
const redacted = fc.record({ type: fc.constant('redacted_thinking'), data: text });
const input = fc.dictionary(name, json, { maxKeys: 3, noNullPrototype: true });
const toolUse = withExtra(
  some({ type: fc.constant('tool_use'), id: name, name, input, cache_control: cache }, [
    'type',
    'id',
    'name',
    'input',
  ]),
);
const serverTool = fc.record({
  type: fc.constant('server_tool_use'),
  id: name,
  name: fc.constant('web_search'),
  input,
});
const several = (block: fc.Arbitrary<unknown>) =>
  fc.array(block as fc.Arbitrary<JsonObject>, { minLength: 2, maxLength: 3 });
const toolResult = withExtra(
  some(
    {
      type: fc.constant('tool_result'),
      tool_use_id: name,
      content: fc.oneof(text, several(fc.oneof(textBlock, image, searchResult))),
      is_error: fc.boolean(),
      cache_control: cache,
    },
    ['type', 'tool_use_id'],
  ),
);
const user = fc.record({
  role: fc.constant('user'),
  content: fc.oneof(text, several(fc.oneof(textBlock, image, document, toolResult, searchResult))),
});
const assistant = withExtra(
  fc.record({
    role: fc.constant('assistant'),
    content: fc.oneof(text, several(fc.oneof(textBlock, thinking, redacted, toolUse, serverTool))),
  }),
);
const tool = fc.oneof(
  withExtra(
    some(
      {
        name,
        description: text,
        input_schema: schema,
        strict: fc.boolean(),
        cache_control: cache,
        type: fc.constant('custom'),
      },
      ['name', 'input_schema'],
    ),
  ),
  withExtra(
    fc.record({
      type: fc.constant('web_search_20250305'),
      name: fc.constant('web_search'),
      max_uses: fc.nat(9),
    }),
  ),
);
const parallel = { disable_parallel_tool_use: fc.boolean() };
const toolChoice = fc.oneof(
  some({ type: fc.constantFrom('auto', 'any', 'none'), ...parallel }, ['type']),
  some({ type: fc.constant('tool'), name, ...parallel }, ['type', 'name']),
);
const thinkingConfig = fc.oneof(
  withExtra(fc.record({ type: fc.constant('enabled'), budget_tokens: fc.integer({ min: 1024, max: 9999 }) })),
  fc.constantFrom(
    { type: 'disabled' },
    { type: 'adaptive' },
    { type: 'adaptive', display: 'omitted' },
    { type: 'between_tools' },
  ),
);
/** A mid-conversation system message can only be told from the `system` field behind another message. */
const later = fc.record({ role: fc.constant('system'), content: text });

export const anthropicMessagesRequest: fc.Arbitrary<JsonObject> = withExtra(
  some(
    {
      model: name,
      max_tokens: fc.nat(100_000),
      messages: fc
        .tuple(user, fc.array(fc.oneof(user, assistant, later), { maxLength: 5 }))
        .map(([first, rest]) => [first, ...rest]),
      system: fc.oneof(text, several(textBlock)),
      tools: fc.array(tool, { maxLength: 3 }),
      tool_choice: toolChoice,
      thinking: thinkingConfig,
      output_config: withExtra(
        some(
          {
            effort: fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max'),
            format: fc.record({ type: fc.constant('json_schema'), schema }),
          },
          ['effort'],
        ),
      ),
      stop_sequences: fc.array(text, { maxLength: 3 }),
      temperature: number,
      top_p: number,
      top_k: fc.nat(100),
      metadata: withExtra(fc.record({ user_id: text })),
      service_tier: fc.constantFrom('auto', 'standard_only'),
      stream: fc.constant(true),
      container: name,
    },
    ['model', 'max_tokens', 'messages'],
  ),
).map((body) => JSON.parse(JSON.stringify(body)) as JsonObject);
