import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { json, name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `POST /v1/responses`, with unknown members everywhere. */

const breakpoint = fc.constant({ mode: 'explicit' });
const inputText = withExtra(
  some({ type: fc.constant('input_text'), text, prompt_cache_breakpoint: breakpoint }, ['type', 'text']),
);
const inputImage = withExtra(
  fc.oneof(
    some(
      {
        type: fc.constant('input_image'),
        image_url: fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,iVBORw0KGgo='),
        detail: fc.constantFrom('low', 'high', 'auto', 'original'),
        cache_control: fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }),
      },
      ['type', 'image_url'],
    ),
    fc.record({ type: fc.constant('input_image'), file_id: name, detail: fc.constant('auto') }),
  ),
);
const inputFile = withExtra(
  fc.oneof(
    fc.record({
      type: fc.constant('input_file'),
      filename: name,
      file_data: fc.constantFrom('data:application/pdf;base64,JVBERi0=', 'JVBERi0='),
    }),
    fc.record({ type: fc.constant('input_file'), file_url: fc.constant('https://example.com/a.pdf') }),
    fc.record({ type: fc.constant('input_file'), file_id: name, detail: fc.constant('low') }),
  ),
);
const inputAudio = fc.record({
  type: fc.constant('input_audio'),
  input_audio: fc.record({ data: fc.constant('UklGRg=='), format: fc.constantFrom('wav', 'mp3') }),
});
const unknownPart = withExtra(fc.record({ type: fc.constant('input_video'), video_url: text }));
const list = (part: fc.Arbitrary<unknown>, minLength = 0) =>
  fc.array(part as fc.Arbitrary<JsonObject>, { minLength, maxLength: 3 });
const status = fc.constantFrom('in_progress', 'completed', 'incomplete');
const userMessage = withExtra(
  some(
    {
      type: fc.constant('message'),
      role: fc.constantFrom('user', 'system', 'developer'),
      content: fc.oneof(text, list(fc.oneof(inputText, inputImage, inputFile, inputAudio, unknownPart))),
      status,
    },
    ['role', 'content'],
  ),
);
const annotation = fc.record({ type: fc.constant('url_citation'), url: text, title: text });
const outputText = withExtra(
  some(
    {
      type: fc.constant('output_text'),
      text,
      annotations: fc.array(annotation, { maxLength: 2 }),
      logprobs: fc.constant([]),
    },
    ['type', 'text'],
  ),
);
const refusal = withExtra(fc.record({ type: fc.constant('refusal'), refusal: text }));
const assistantMessage = withExtra(
  fc.oneof(
    fc.record({ role: fc.constant('assistant'), content: fc.oneof(text, list(inputText)) }),
    some(
      {
        type: fc.constant('message'),
        id: name,
        role: fc.constant('assistant'),
        status,
        phase: fc.constantFrom('commentary', 'final_answer'),
        content: list(fc.oneof(outputText, refusal, unknownPart)),
      },
      ['type', 'role', 'content'],
    ),
  ),
);
const reasoning = withExtra(
  some(
    {
      type: fc.constant('reasoning'),
      id: name,
      summary: list(withExtra(fc.record({ type: fc.constant('summary_text'), text }))),
      content: list(fc.record({ type: fc.constant('reasoning_text'), text })),
      encrypted_content: fc.oneof(text, fc.constant(null)),
      status,
    },
    ['type', 'summary'],
  ),
);
const argumentsText = fc.oneof(
  fc.constantFrom('{"city":"Paris"}', '', '{broken', '[1]'),
  fc.json({ maxDepth: 1 }),
);
const functionCall = withExtra(
  some(
    { type: fc.constant('function_call'), id: name, call_id: name, name, arguments: argumentsText, status },
    ['type', 'call_id', 'name', 'arguments'],
  ),
);
const customCall = withExtra(
  some({ type: fc.constant('custom_tool_call'), id: name, call_id: name, name, input: text }, [
    'type',
    'call_id',
    'name',
    'input',
  ]),
);
const callOutput = withExtra(
  some(
    {
      type: fc.constantFrom('function_call_output', 'custom_tool_call_output'),
      id: name,
      call_id: name,
      output: fc.oneof(text, list(fc.oneof(inputText, inputImage, inputFile))),
      status,
    },
    ['type', 'call_id', 'output'],
  ),
);
/** Items that only this format knows: hosted tools, references, approvals. */
const otherItem = fc.oneof(
  withExtra(
    fc.record({
      type: fc.constantFrom('web_search_call', 'mcp_call', 'computer_call_output', 'compaction'),
      id: name,
    }),
  ),
  fc.record({ type: fc.constant('item_reference'), id: name }),
  fc.record({ id: name }),
  fc.record({ type: fc.constant('mcp_approval_response'), approval_request_id: name, approve: fc.boolean() }),
);
const item = fc.oneof(
  { weight: 3, arbitrary: userMessage },
  { weight: 2, arbitrary: assistantMessage },
  reasoning,
  functionCall,
  customCall,
  callOutput,
  otherItem as fc.Arbitrary<JsonObject>,
);
const functionTool = withExtra(
  some({ type: fc.constant('function'), name, description: text, parameters: schema, strict: fc.boolean() }, [
    'type',
    'name',
    'parameters',
  ]),
);
const otherTool = fc.oneof(
  withExtra(fc.record({ type: fc.constant('custom'), name })),
  withExtra(fc.record({ type: fc.constantFrom('web_search', 'code_interpreter') })),
  fc.record({ type: fc.constant('mcp'), server_label: name, server_url: text }),
);
const toolChoice = fc.oneof(
  fc.constantFrom('auto', 'none', 'required'),
  fc.record({ type: fc.constantFrom('function', 'custom'), name }),
  fc.constant({ type: 'allowed_tools', mode: 'auto', tools: [] }),
  fc.constant({ type: 'web_search_preview' }),
);
const outputFormat = fc.oneof(
  fc.constantFrom({ type: 'text' }, { type: 'json_object' }, { type: 'grammar', definition: 'a+' }),
  some({ type: fc.constant('json_schema'), name, description: text, schema, strict: fc.boolean() }, [
    'type',
    'name',
    'schema',
  ]),
);

export const openaiResponsesRequest: fc.Arbitrary<JsonObject> = withExtra(
  some(
    {
      model: name,
      input: fc.oneof(text, fc.array(item as fc.Arbitrary<JsonObject>, { maxLength: 7 })),
      instructions: text,
      tools: fc.array(fc.oneof(functionTool, otherTool) as fc.Arbitrary<JsonObject>, { maxLength: 3 }),
      tool_choice: toolChoice,
      parallel_tool_calls: fc.boolean(),
      text: withExtra(some({ format: outputFormat, verbosity: fc.constantFrom('low', 'high') }, [])),
      reasoning: withExtra(
        some(
          {
            effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
            summary: fc.constantFrom('auto', 'concise', 'detailed'),
          },
          [],
        ),
      ),
      temperature: number,
      top_p: number,
      top_logprobs: fc.nat(5),
      max_output_tokens: fc.nat(100_000),
      include: fc.array(fc.constantFrom('reasoning.encrypted_content', 'message.output_text.logprobs'), {
        maxLength: 2,
      }),
      metadata: fc.dictionary(name, text, { maxKeys: 2, noNullPrototype: true }),
      service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
      user: text,
      safety_identifier: text,
      prompt_cache_key: text,
      store: fc.boolean(),
      previous_response_id: name,
      conversation: fc.oneof(name, fc.record({ id: name })),
      truncation: fc.constantFrom('auto', 'disabled'),
      background: fc.boolean(),
      prompt: fc.record({ id: name, variables: json }),
      stream: fc.constant(true),
      stream_options: fc.record({ include_obfuscation: fc.boolean() }),
    },
    ['model'],
  ),
).map((body) => JSON.parse(JSON.stringify(body)) as JsonObject);
