import type { StreamEvent } from '@headgate/sdk';
import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { decodeStream, encodeStream, format } from '../harness.js';

/** What the encoders write, read by the official client. Answers come from other formats' codecs, through the hub. */

const OWN = 'openai-responses';

function client(body: string, type: string, status = 200): { openai: OpenAI; sent: () => unknown } {
  let sent: unknown;
  const openai = new OpenAI({
    apiKey: 'hg-test',
    baseURL: 'http://localhost.invalid/v1',
    maxRetries: 0,
    fetch: async (_url, init) => {
      sent = JSON.parse(String(init?.body));
      return new Response(body, { status, headers: { 'content-type': type } });
    },
  });
  return { openai, sent: () => sent };
}

const anthropic = (block: object, ...deltas: object[]) => [block, ...deltas];
const ANSWER = [
  anthropic(
    { type: 'thinking', thinking: '', signature: '' },
    { type: 'thinking_delta', thinking: 'Hm, ' },
    { type: 'thinking_delta', thinking: 'stock.' },
    { type: 'signature_delta', signature: 'c2ln' },
  ),
  anthropic({ type: 'redacted_thinking', data: 'ZW5j' }),
  anthropic(
    { type: 'text', text: '' },
    { type: 'text_delta', text: '{"text":' },
    { type: 'text_delta', text: '"one 🙂"}' },
  ),
  anthropic(
    { type: 'tool_use', id: 'toolu_1', name: 'stock', input: {} },
    { type: 'input_json_delta', partial_json: '{"part":' },
    { type: 'input_json_delta', partial_json: '"wheel"}' },
  ),
  anthropic(
    { type: 'tool_use', id: 'toolu_2', name: 'hours', input: {} },
    { type: 'input_json_delta', partial_json: '{}' },
  ),
];

/** An answer of Anthropic, as the events of its stream. */
function anthropicStream(stop: string): string[] {
  const events: object[] = [
    {
      type: 'message_start',
      message: { id: 'msg_01', model: 'claude', usage: { input_tokens: 20, output_tokens: 1 } },
    },
  ];
  ANSWER.forEach(([block, ...deltas], index) => {
    events.push({ type: 'content_block_start', index, content_block: block });
    for (const delta of deltas) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  });
  events.push(
    { type: 'message_delta', delta: { stop_reason: stop }, usage: { output_tokens: 30 } },
    { type: 'message_stop' },
  );
  return events.map((event) => JSON.stringify(event));
}

const events = (stop = 'tool_use'): StreamEvent[] =>
  decodeStream('anthropic-messages', anthropicStream(stop));
const FORMAT = {
  type: 'json_schema' as const,
  name: 'answer',
  schema: { type: 'object', properties: { text: { type: 'string' } } },
  strict: true,
};
const TOOLS = [
  { type: 'function' as const, name: 'stock', parameters: { type: 'object' }, strict: true },
  { type: 'function' as const, name: 'hours', parameters: { type: 'object' }, strict: true },
];

describe('the official client', () => {
  it('iterates over a stream', async () => {
    const { openai } = client(encodeStream(OWN, events()), 'text/event-stream');
    let said = '';
    let thought = '';
    const types = new Set<string>();
    const stream = await openai.responses.create({ model: 'm', input: 'hi', stream: true });
    for await (const event of stream) {
      types.add(event.type);
      if (event.type === 'response.output_text.delta') said += event.delta;
      if (event.type === 'response.reasoning_summary_text.delta') thought += event.delta;
      if (event.type === 'response.completed') expect(event.response.usage?.total_tokens).toBe(50);
    }
    expect(said).toBe('{"text":"one 🙂"}');
    expect(thought).toBe('Hm, stock.');
    expect(types).toContain('response.function_call_arguments.done');
  });

  it('puts a stream together with its helper', async () => {
    const { openai } = client(encodeStream(OWN, events()), 'text/event-stream');
    const snapshots: string[] = [];
    const stream = openai.responses.stream({
      model: 'm',
      input: 'hi',
      tools: TOOLS,
      text: { format: FORMAT },
    });
    stream.on('response.output_text.delta', (event) => void snapshots.push(event.snapshot));
    const final = await stream.finalResponse();
    expect(snapshots).toEqual(['{"text":', '{"text":"one 🙂"}']);
    expect(final.id).toBe('resp_msg_01');
    expect(final.status).toBe('completed');
    expect(final.output_text).toBe('{"text":"one 🙂"}');
    expect(final.output_parsed).toEqual({ text: 'one 🙂' });
    expect(final.output.map((item) => item.type)).toEqual([
      'reasoning',
      'reasoning',
      'message',
      'function_call',
      'function_call',
    ]);
    const call = final.output[3];
    expect(call?.type === 'function_call' && [call.call_id, call.parsed_arguments]).toEqual([
      'toolu_1',
      { part: 'wheel' },
    ]);
    expect(final.usage).toMatchObject({ input_tokens: 20, output_tokens: 30, total_tokens: 50 });
  });

  it('accumulates the same before the last snapshot as is in it', async () => {
    // Everything but the last event: the client then has only what it put together itself.
    const wire = encodeStream(OWN, events());
    const all = wire.trimEnd().split('\n\n');
    const last = JSON.parse(all.at(-1)!.split('data: ')[1]!) as { response: { output: unknown } };
    const { openai } = client(`${all.slice(0, -1).join('\n\n')}\n\n`, 'text/event-stream');
    const final = await openai.responses.stream({ model: 'm', input: 'hi' }).finalResponse();
    const plain = JSON.parse(JSON.stringify(final.output)) as Record<string, unknown>[];
    for (const item of plain) {
      delete item['parsed_arguments'];
      for (const part of (item['content'] as Record<string, unknown>[] | undefined) ?? [])
        delete part['parsed'];
    }
    // The last call waits for the finish reason, so its end is told; nothing is left open.
    expect(plain).toEqual(last.response.output);
  });

  it('parses a whole answer', async () => {
    const whole = format(OWN).response!.encode(
      format('openai-chat').response!.decode({
        id: 'chatcmpl-1',
        created: 1,
        model: 'm',
        choices: [
          { index: 0, message: { role: 'assistant', content: '{"text":"hi"}' }, finish_reason: 'stop' },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      }),
    );
    const { openai } = client(JSON.stringify(whole), 'application/json');
    const parsed = await openai.responses.parse({ model: 'm', input: 'hi', text: { format: FORMAT } });
    expect(parsed.output_parsed).toEqual({ text: 'hi' });
    expect(parsed.output_text).toBe('{"text":"hi"}');
  });

  it('sees an answer that was cut short as incomplete', async () => {
    const { openai } = client(encodeStream(OWN, events('max_tokens')), 'text/event-stream');
    const final = await openai.responses.stream({ model: 'm', input: 'hi' }).finalResponse();
    expect(final.status).toBe('incomplete');
    expect(final.incomplete_details).toEqual({ reason: 'max_output_tokens' });
  });

  it('throws an error in the middle of a stream, after the failed answer', async () => {
    const error: StreamEvent = {
      type: 'error',
      error: { kind: 'overloaded', status: 503, code: 'overloaded', message: 'Too busy' },
    };
    const { openai } = client(encodeStream(OWN, [...events().slice(0, 5), error]), 'text/event-stream');
    const types: string[] = [];
    const read = async (): Promise<void> => {
      const stream = await openai.responses.create({ model: 'm', input: 'hi', stream: true });
      for await (const event of stream) types.push(event.type);
    };
    await expect(read()).rejects.toThrow('Too busy');
    expect(types.at(-1)).toBe('response.failed');
  });

  it('throws an error before the stream began', async () => {
    const text = format(OWN).error.encodeInStream(
      { kind: 'upstream', status: 502, code: 'stream_interrupted', message: 'Gone' },
      'req_1',
    );
    const { openai } = client(String(text), 'text/event-stream');
    await expect(openai.responses.stream({ model: 'm', input: 'hi' }).finalResponse()).rejects.toThrow(
      'Gone',
    );
  });

  it('understands an error answer', async () => {
    const text = format(OWN).error.encode(
      { kind: 'not-found', status: 404, code: 'model_not_found', message: 'No model', param: 'model' },
      'req_1',
    );
    const { openai } = client(text, 'application/json', 404);
    const error = await openai.responses
      .create({ model: 'm', input: 'hi' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  });

  it('sends what the decoder reads, its own answers included', async () => {
    const whole = format(OWN).response!.encode(
      format('anthropic-messages').response!.decode({
        id: 'msg_1',
        model: 'c',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'tool_use', id: 'toolu_1', name: 'stock', input: { part: 'wheel' } },
        ],
        stop_reason: 'tool_use',
      }),
    );
    const { openai, sent } = client(JSON.stringify(whole), 'application/json');
    const first = await openai.responses.create({ model: 'm', input: 'hi' });
    await openai.responses.create({
      model: 'm',
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'hi' },
        ...(first.output as OpenAI.Responses.ResponseInputItem[]),
        { type: 'function_call_output', call_id: 'toolu_1', output: 'three' },
      ],
      tools: TOOLS,
    });
    const request = format(OWN).request!.decode(sent() as never);
    expect(request.messages.map((message) => [message.role, message.parts.map((part) => part.type)])).toEqual(
      [
        ['system', ['text']],
        ['user', ['text']],
        ['assistant', ['reasoning', 'tool-call']],
        ['tool', ['tool-result']],
      ],
    );
  });
});
