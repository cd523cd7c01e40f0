import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { post } from './http-client.js';
import { sseEvents, sseJson } from './sse-text.js';
import { startTwoProviders } from './two-providers.js';

const setup = await startTwoProviders({
  models: { smart: { targets: ['openai/gpt-4o'] }, thoughtful: { targets: ['anthropic/claude-sonnet-4-5'] } },
});
const { openai, anthropic, gateway } = setup;

beforeEach(() => setup.reset());
afterAll(() => setup.close());

// Odd on purpose: spaces, an escape that JSON.stringify would undo, a number it would round, an emoji, unknown fields.
const odd = (model: string, more = ''): string =>
  `{ "messages" : [ {"role":"user","content":"caf\\u00e9 \\/ ☕"} ],\r\n\t"model":  "${model}" ,"max_tokens":64,` +
  `"x_unknown":{"big":12345678901234567890.10,"list":[1 ,2,  3]},"seed":1e2${more}}`;

describe('a request in the format of its target', () => {
  it('goes on byte for byte but for the model, to OpenAI', async () => {
    const answer = await post(gateway, '/v1/chat/completions', odd('smart'));
    expect(answer.status).toBe(200);
    expect(openai.received[0]?.body.toString()).toBe(odd('gpt-4o'));
  });

  it('goes on byte for byte but for the model, to Anthropic', async () => {
    const answer = await post(gateway, '/v1/messages', odd('thoughtful'), {
      'anthropic-version': '2023-06-01',
    });
    expect(answer.status).toBe(200);
    expect(anthropic.received[0]?.body.toString()).toBe(odd('claude-sonnet-4-5'));
  });

  it('goes on byte for byte when streamed to Anthropic, which reports usage unasked', async () => {
    await post(gateway, '/v1/messages', odd('thoughtful', ',"stream":true'), {
      'anthropic-version': '2023-06-01',
    });
    expect(anthropic.received[0]?.body.toString()).toBe(odd('claude-sonnet-4-5', ',"stream":true'));
  });

  it('keeps its bytes when it already asks for usage in the stream', async () => {
    const more = ',"stream":true,"stream_options": {"include_usage": true}';
    await post(gateway, '/v1/chat/completions', odd('smart', more));
    expect(openai.received[0]?.body.toString()).toBe(odd('gpt-4o', more));
  });

  it('gains nothing but stream_options when streamed to OpenAI without', async () => {
    await post(gateway, '/v1/chat/completions', odd('smart', ',"stream":true'));
    const sent = openai.received[0];
    expect(sent?.json()['stream_options']).toMatchObject({ include_usage: true });
    const text = sent?.body.toString() ?? '';
    const without = text.replace(/,?\s*"stream_options"\s*:\s*\{[^}]*\}/, '');
    expect(without).toBe(odd('gpt-4o', ',"stream":true'));
  });

  it('keeps the members of stream_options that it had', async () => {
    const more = ',"stream":true,"stream_options":{"include_obfuscation":false}';
    await post(gateway, '/v1/chat/completions', odd('smart', more));
    expect(openai.received[0]?.json()['stream_options']).toEqual({
      include_obfuscation: false,
      include_usage: true,
    });
  });

  it('reaches a provider named in the model itself, with a slash in its name too', async () => {
    await post(gateway, '/v1/chat/completions', odd('openai/ft:gpt-4o/org'));
    expect(openai.received[0]?.body.toString()).toBe(odd('ft:gpt-4o/org'));
  });

  it('is sent with the key of the gateway and without what belongs to the hop', async () => {
    await post(gateway, '/v1/chat/completions', odd('smart'), {
      authorization: 'Bearer sk-of-the-client',
      'x-headgate-metadata': 'customer=acme',
      'openai-beta': 'assistants=v2',
    });
    const { headers, key, rawHeaders } = openai.received[0] ?? {};
    expect(key).toBe('sk-fake-openai-0123456789');
    expect(headers?.['openai-beta']).toBe('assistants=v2');
    expect(headers?.host).toBe(`127.0.0.1:${openai.port}`);
    expect(headers?.['content-length']).toBe(String(openai.received[0]?.body.length));
    expect(rawHeaders?.join('\n')).not.toContain('sk-of-the-client');
    expect(rawHeaders?.join('\n')).not.toMatch(/x-headgate/i);
  });
});

describe('an answer in the format of its client', () => {
  it('comes back byte for byte, unknown fields and odd spacing included', async () => {
    const body =
      '{ "id":"x", "object":"chat.completion","choices":[],\n "x_new": {"a" : 1.0}, "usage":null }\n';
    openai.next({ body });
    const answer = await post(gateway, '/v1/chat/completions', odd('smart'));
    expect(answer.text).toBe(body);
  });

  it.each([
    ['whole', {}],
    ['split at every byte', { pieceBytes: 1 }],
    ['with CR LF', { crlf: true }],
    ['with comments', { comments: true }],
  ])('is streamed back byte for byte to a client that asked for usage: %s', async (_, delivery) => {
    const events = [
      'data: {"id":"x","choices":[{"index":0,"delta":{"content":"caf\\u00e9 ☕"}}],"x_new":1,"usage":null}\n\n',
      'event: odd\nid: 7\ndata: {"choices":[],\ndata:  "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n',
    ];
    openai.next({ events, ...delivery });
    const more = ',"stream":true,"stream_options":{"include_usage":true}';
    const answer = await post(gateway, '/v1/chat/completions', odd('smart', more));
    let expected = [...events, 'data: [DONE]\n\n'].map((event) =>
      'comments' in delivery ? `: keep-alive\n\n${event}` : event,
    );
    if ('comments' in delivery) expected = [...expected.slice(0, -1), 'data: [DONE]\n\n'];
    if ('crlf' in delivery) expected = expected.map((event) => event.replaceAll('\n', '\r\n'));
    expect(answer.text).toBe(expected.join(''));
  });

  it('is streamed back byte for byte from Anthropic, pings and unknown events included', async () => {
    const events = [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
      'event: ping\ndata: {"type": "ping"}\n\n',
      'event: x_new\ndata: {"type":"x_new","a":[1 ,2]}\n\n',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n',
    ];
    anthropic.next({ events, pieceBytes: 5 });
    const answer = await post(gateway, '/v1/messages', odd('thoughtful', ',"stream":true'));
    expect(answer.text).toBe(`${events.join('')}event: message_stop\ndata: {"type":"message_stop"}\n\n`);
  });

  it('hides the usage event from a client that did not ask for it', async () => {
    for (const delivery of [{}, { pieceBytes: 1 }, { crlf: true }]) {
      openai.next(delivery);
      const { text } = await post(gateway, '/v1/chat/completions', odd('smart', ',"stream":true'));
      const chunks = sseJson(text);
      expect(chunks.length).toBeGreaterThan(2);
      expect(chunks.filter((chunk) => typeof chunk['usage'] === 'object' && chunk['usage'] !== null)).toEqual(
        [],
      );
      expect(
        chunks.filter((chunk) => Array.isArray(chunk['choices']) && chunk['choices'].length === 0),
      ).toEqual([]);
      expect(sseEvents(text).at(-1)?.data).toBe('[DONE]');
    }
  });

  it('shows the usage event to a client that asked for it', async () => {
    const more = ',"stream":true,"stream_options":{"include_usage":true}';
    const { text } = await post(gateway, '/v1/chat/completions', odd('smart', more));
    expect(sseJson(text).at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 20, completion_tokens: 10 },
    });
  });

  it('brings the provider’s headers along, and those of the gateway', async () => {
    const { headers } = await post(gateway, '/v1/chat/completions', odd('smart'));
    expect(headers.get('openai-processing-ms')).toBe('42');
    expect(headers.get('openai-organization')).toBe('org-fake');
    expect(headers.get('x-headgate-provider')).toBe('openai');
    expect(headers.get('x-headgate-model')).toBe('gpt-4o');
    expect(headers.get('x-headgate-attempts')).toBe('1');
    expect(Number(headers.get('x-headgate-overhead-us'))).toBeGreaterThan(0);
    const native = await post(gateway, '/v1/messages', odd('thoughtful'));
    expect(native.headers.get('anthropic-ratelimit-requests-limit')).toBe('4000');
    expect(native.headers.get('x-headgate-provider')).toBe('anthropic');
  });

  it('is read through compression', async () => {
    openai.next({ gzip: true, answer: { text: 'packed' } });
    const answer = await post(gateway, '/v1/chat/completions', odd('smart'));
    expect(answer.text).toContain('packed');
    expect(answer.headers.get('x-headgate-cost-usd')).not.toBeNull();
  });

  it('brings a refusal of the provider as it is: only the provider can judge', async () => {
    const body =
      '{"error": {"message":"No such voice", "type":"invalid_request_error","param":"audio.voice","code":null}}';
    openai.next({ status: 400, body });
    const answer = await post(gateway, '/v1/chat/completions', odd('smart'));
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(body);
  });
});
