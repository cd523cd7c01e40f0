import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `POST /v2/chat`, with unknown members everywhere. */

const citation = fc.record({
  start: fc.nat(9),
  end: fc.nat(99),
  text,
  sources: fc.constant([{ type: 'document', id: 'doc:1', document: { snippet: 'a' } }]),
  type: fc.constantFrom('TEXT_CONTENT', 'PLAN'),
});
const textPart = withExtra(fc.record({ type: fc.constant('text'), text }));
const thinking = withExtra(
  some({ type: fc.constant('thinking'), thinking: text, signature: text }, ['type', 'thinking']),
);
const image = withExtra(
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
const document = fc.record({
  type: fc.constant('document'),
  document: some({ data: fc.dictionary(name, text, { maxKeys: 2, noNullPrototype: true }), id: name }, [
    'data',
  ]),
});
const list = (part: fc.Arbitrary<JsonObject>) => fc.array(part, { minLength: 1, maxLength: 3 });
const system = withExtra(fc.record({ role: fc.constant('system'), content: fc.oneof(text, list(textPart)) }));
const user = withExtra(
  fc.record({ role: fc.constant('user'), content: fc.oneof(text, list(fc.oneof(textPart, image))) }),
);
const call = withExtra(
  fc.record({
    id: name,
    type: fc.constant('function'),
    function: fc.record({
      name,
      arguments: fc.oneof(fc.constant('{"a":1}'), fc.constant('{"broken'), text),
    }),
  }),
);
const assistant = withExtra(
  some(
    {
      role: fc.constant('assistant'),
      content: fc.oneof(text, list(fc.oneof(textPart, thinking))),
      tool_plan: text,
      tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
    },
    ['role', 'content'],
  ),
);
/** The order of citations over several texts is that of the texts, so there is one text. */
const cited = fc.record({
  role: fc.constant('assistant'),
  content: fc.tuple(textPart),
  citations: fc
    .array(citation, { minLength: 1, maxLength: 3 })
    .map((all) => [...all].sort((a, b) => (a.type === b.type ? 0 : a.type === 'PLAN' ? 1 : -1))),
});
const callsOnly = fc.record({
  role: fc.constant('assistant'),
  tool_plan: text,
  tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
});
const tool = withExtra(
  fc.record({
    role: fc.constant('tool'),
    tool_call_id: name,
    content: fc.oneof(text, list(fc.oneof(textPart, document as fc.Arbitrary<JsonObject>))),
  }),
);
const functionTool = withExtra(
  fc.record({
    type: fc.constant('function'),
    function: withExtra(some({ name, description: text, parameters: schema }, ['name'])),
  }),
);
const tools = fc.tuple(
  some({ tools: fc.array(functionTool, { minLength: 1, maxLength: 3 }), strict_tools: fc.boolean() }, [
    'tools',
  ]),
);

const request = withExtra(
  some(
    {
      model: name,
      messages: fc.array(fc.oneof(system, user, assistant, cited, callsOnly, tool), { maxLength: 6 }),
      tool_choice: fc.constantFrom('REQUIRED', 'NONE'),
      response_format: fc.oneof(
        fc.constantFrom({ type: 'text' }, { type: 'json_object' }),
        fc.record({ type: fc.constant('json_object'), json_schema: schema }),
      ),
      thinking: withExtra(
        some({ type: fc.constantFrom('enabled', 'disabled'), token_budget: fc.nat(9999) }, ['type']),
      ),
      documents: fc.array(fc.oneof(text, fc.record({ id: name, data: fc.record({ text }) })), {
        maxLength: 2,
      }),
      citation_options: fc.record({ mode: fc.constantFrom('FAST', 'ACCURATE', 'OFF') }),
      safety_mode: fc.constantFrom('CONTEXTUAL', 'STRICT', 'OFF'),
      temperature: number,
      p: number,
      k: fc.nat(500),
      frequency_penalty: number,
      presence_penalty: number,
      seed: fc.nat(),
      stop_sequences: fc.array(text, { maxLength: 5 }),
      logprobs: fc.constant(true),
      max_tokens: fc.nat(9999),
      priority: fc.nat(9),
      stream: fc.constant(true),
    },
    ['model', 'messages'],
  ),
);

export const cohereChatRequest: fc.Arbitrary<JsonObject> = fc
  .tuple(request, fc.option(tools, { nil: [{}] as [JsonObject] }))
  .map(([members, [more]]) => JSON.parse(JSON.stringify({ ...members, ...more })) as JsonObject);
