import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { json, name, number, schema, some, text, withExtra } from './json.js';

/** Valid bodies of `POST /model/{modelId}/converse`, with unknown members everywhere the API has structures. */

const point = fc.constantFrom(
  { cachePoint: { type: 'default' } },
  { cachePoint: { type: 'default', ttl: '5m' } },
  { cachePoint: { type: 'default', ttl: '1h' } },
);
const s3 = some({ uri: fc.constant('s3://bucket/a'), bucketOwner: fc.constant('123456789012') }, ['uri']).map(
  (s3Location) => ({ s3Location }),
);
const bytes = fc.constantFrom({ bytes: 'iVBORw0KGgo=' }, { bytes: 'JVBERi0=' });
const textBlock = text.map((said) => ({ text: said }));
const image = withExtra(
  fc.record({ format: fc.constantFrom('png', 'jpeg', 'gif', 'webp'), source: fc.oneof(bytes, s3) }),
).map((inner) => ({ image: inner }));
const document = withExtra(
  some(
    {
      format: fc.constantFrom('pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'),
      name: text,
      source: fc.oneof(
        bytes,
        s3,
        fc.constantFrom(
          { text: 'plain' },
          { content: [{ text: 'one' }, { text: 'two' }] },
          { content: [{ text: 'one' }] },
        ),
      ),
      context: text,
      citations: fc.record({ enabled: fc.boolean() }),
    },
    ['name', 'source'],
  ),
).map((inner) => ({ document: inner }));
const audio = withExtra(
  fc.record({ format: fc.constantFrom('mp3', 'wav', 'flac', 'opus'), source: fc.oneof(bytes, s3) }),
).map((inner) => ({ audio: inner }));
const video = fc.record({ format: fc.constant('mp4'), source: fc.oneof(bytes, s3) }).map((inner) => ({
  video: inner,
}));
const guarded = fc.oneof(
  some({ text, qualifiers: fc.constant(['query', 'guard_content']) }, ['text']).map((inner) => ({
    guardContent: { text: inner },
  })),
  bytes.map((source) => ({ guardContent: { image: { format: 'png', source } } })),
);
const searchResult = fc
  .record({ source: text, title: text, content: fc.array(textBlock, { maxLength: 2 }) })
  .map((inner) => ({ searchResult: inner }));
const reasoning = fc.oneof(
  some({ text, signature: text }, ['text']).map((inner) => ({ reasoningContent: { reasoningText: inner } })),
  fc
    .constantFrom('AQID', 'aGVhZGdhdGU=', '')
    .map((redactedContent) => ({ reasoningContent: { redactedContent } })),
);
const citation = fc.record({
  title: text,
  sourceContent: fc.constant([{ text: 'source' }]),
  location: fc.constant({ documentPage: { documentIndex: 0, start: 1, end: 2 } }),
});
const cited = fc
  .record({
    content: fc.array(textBlock, { minLength: 1, maxLength: 2 }),
    citations: fc.array(citation, { maxLength: 2 }),
  })
  .map((inner) => ({ citationsContent: inner }));
const input = fc.dictionary(name, json, { maxKeys: 3, noNullPrototype: true });
const toolUse = withExtra(fc.record({ toolUseId: name, name, input })).map((inner) => ({ toolUse: inner }));
const serverTool = fc
  .record({
    toolUseId: name,
    name: fc.constant('nova_grounding'),
    input,
    type: fc.constant('server_tool_use'),
  })
  .map((inner) => ({ toolUse: inner }));
const toolResult = withExtra(
  some(
    {
      toolUseId: name,
      content: fc.array(
        fc.oneof(
          textBlock,
          json.map((value) => ({ json: value })),
          image,
          document,
          video,
          searchResult,
        ) as fc.Arbitrary<JsonObject>,
        { maxLength: 3 },
      ),
      status: fc.constantFrom('success', 'error'),
    },
    ['toolUseId', 'content'],
  ),
).map((inner) => ({ toolResult: inner }));

const blocks = (...kinds: fc.Arbitrary<unknown>[]) =>
  fc.array(fc.oneof(...kinds) as fc.Arbitrary<JsonObject>, { minLength: 1, maxLength: 4 });

const user = withExtra(
  fc.record({
    role: fc.constant('user'),
    content: blocks(
      textBlock,
      textBlock,
      image,
      document,
      audio,
      video,
      guarded,
      searchResult,
      toolResult,
      point,
    ),
  }),
);
const assistant = withExtra(
  fc.record({
    role: fc.constant('assistant'),
    content: blocks(textBlock, textBlock, reasoning, cited, toolUse, serverTool, point),
  }),
);
/** A mid-conversation system message can only be told from the `system` field behind another message. */
const later = fc.record({
  role: fc.constant('system'),
  content: fc.oneof(blocks(textBlock), fc.constant([{ toolAddition: { tool: { name: 'f' } } }])),
});
const tool = fc.oneof(
  {
    weight: 3,
    arbitrary: withExtra(
      some(
        {
          name,
          description: text,
          inputSchema: schema.map((inner) => ({ json: inner })),
          strict: fc.boolean(),
        },
        ['name', 'inputSchema'],
      ),
    ).map((toolSpec) => ({ toolSpec })),
  },
  { weight: 1, arbitrary: fc.constant({ systemTool: { name: 'nova_grounding' } }) },
  { weight: 1, arbitrary: point },
);
const toolConfig = withExtra(
  some(
    {
      tools: fc.array(tool as fc.Arbitrary<JsonObject>, { minLength: 1, maxLength: 4 }),
      toolChoice: fc.oneof(
        fc.constantFrom({ auto: {} }, { any: {} }),
        name.map((one) => ({ tool: { name: one } })),
      ),
    },
    ['tools'],
  ),
);
const fields = fc.oneof(
  some(
    {
      top_k: fc.nat(100),
      thinking: fc.constantFrom(
        { type: 'enabled', budget_tokens: 2048 },
        { type: 'adaptive', display: 'omitted' },
        { type: 'disabled' },
      ),
      output_config: fc.constant({ effort: 'high', x: 1 }),
      anthropic_beta: fc.constant(['one']),
    },
    ['anthropic_beta'],
  ),
  fc.constantFrom<JsonObject>(
    { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } },
    { reasoning_effort: 'medium' },
    { reasoning: { effort: 'none' } },
    { inferenceConfig: { topK: 20 } },
    { thinking: 'yes', top_k: 1.5 },
  ),
);

export const bedrockConverseRequest: fc.Arbitrary<JsonObject> = withExtra(
  some(
    {
      messages: fc
        .tuple(user, fc.array(fc.oneof(user, assistant, later), { maxLength: 5 }))
        .map(([first, rest]) => [first, ...rest]),
      system: blocks(textBlock, guarded, point),
      inferenceConfig: withExtra(
        some({ maxTokens: fc.nat(9999), temperature: number, topP: number, stopSequences: fc.array(text) }, [
          'maxTokens',
        ]),
      ),
      toolConfig,
      guardrailConfig: fc.record({ guardrailIdentifier: name, trace: fc.constant('enabled') }),
      additionalModelRequestFields: fields,
      additionalModelResponseFieldPaths: fc.constant(['/stop_sequence']),
      promptVariables: fc.constant({ a: { text: 'b' } }),
      requestMetadata: fc.dictionary(name, name, { maxKeys: 2, noNullPrototype: true }),
      performanceConfig: fc.constant({ latency: 'optimized' }),
      serviceTier: withExtra(fc.record({ type: fc.constantFrom('default', 'flex', 'priority', 'reserved') })),
      outputConfig: withExtra(
        some(
          {
            effort: fc.constantFrom('low', 'medium', 'max'),
            textFormat: some({ name, description: text, schema: schema.map((one) => JSON.stringify(one)) }, [
              'schema',
            ]).map((jsonSchema) => ({ type: 'json_schema', structure: { jsonSchema } })),
          },
          ['effort'],
        ),
      ),
    },
    ['messages'],
  ),
).map((body) => JSON.parse(JSON.stringify(body)) as JsonObject);
