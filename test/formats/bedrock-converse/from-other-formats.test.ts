import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { encodeStream, translate } from '../harness.js';
import { CLAUDE } from './harness.js';

const fromAnthropic = (body: object, model = CLAUDE) =>
  translate('anthropic-messages', 'bedrock-converse', body as JsonObject, { model });

function content(parts: object[], model = CLAUDE): { blocks: unknown[]; warnings: string[] } {
  const { body, warnings } = fromAnthropic(
    { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: parts }] },
    model,
  );
  const [message] = body['messages'] as { content: unknown[] }[];
  return { blocks: message?.content ?? [], warnings };
}

describe('a request of Anthropic’s format for Converse', () => {
  // What was marked inside of a result, or on what only Anthropic knows, was lost with its place.
  it('keeps the marks of what stands inside of a result, or cannot be sent itself', () => {
    const mark = { cache_control: { type: 'ephemeral' } };
    const point = { cachePoint: { type: 'default' } };
    const text = (words: string) => ({ type: 'text', text: words, ...mark });
    const search = { type: 'search_result', source: 's', title: 't', content: [], ...mark };
    const body = {
      model: 'm',
      max_tokens: 100,
      system: [text('S')],
      tools: [
        { name: 'a', input_schema: { type: 'object' } },
        { type: 'bash_20250124', name: 'bash', ...mark },
      ],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }, search] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'a', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [text('r')] }] },
      ],
    };
    const { body: sent } = fromAnthropic(body);
    expect(sent['system']).toEqual([{ text: 'S' }, point]);
    expect(sent['toolConfig']).toMatchObject({ tools: [{ toolSpec: { name: 'a' } }, point] });
    expect(sent['messages']).toEqual([
      { role: 'user', content: [{ text: 'a' }, point] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'a', input: {} } }] },
      { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: 'r' }] } }, point] },
    ]);
  });

  it('has a cache point at its end where Anthropic’s request is marked as a whole', () => {
    const asked = (more: object) => {
      const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'a' }], ...more };
      return fromAnthropic(body);
    };
    const { body, warnings } = asked({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'a' }, { cachePoint: { type: 'default', ttl: '1h' } }] },
    ]);
    expect(warnings).toEqual([]);
    expect(asked({ cache_control: { type: 'other' } }).warnings).toHaveLength(1);
  });

  it('says of a document what it is about and that it is to be cited, to models that know of it', () => {
    const document = {
      type: 'document',
      title: 'Terms',
      context: 'Of 2026.',
      citations: { enabled: true },
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
    };
    const parts = [{ type: 'text', text: 'a' }, document];
    const bare = { format: 'pdf', name: 'Terms', source: { bytes: 'JVBERi0=' } };
    expect(content(parts).blocks[1]).toEqual({
      document: { ...bare, context: 'Of 2026.', citations: { enabled: true } },
    });
    const nova = content(parts, 'amazon.nova-pro-v1:0');
    expect(nova.blocks[1]).toEqual({ document: bare });
    expect(nova.warnings).toEqual(['document: this model takes nothing but the document itself']);
    const back = translate(
      'bedrock-converse',
      'anthropic-messages',
      { messages: [{ role: 'user', content: content(parts).blocks }] } as never,
      { model: 'claude-sonnet-4-5' },
    );
    expect(back.body['messages']).toEqual([{ role: 'user', content: parts }]);
  });
});

describe('a stream of another format for clients of Converse', () => {
  it('has arguments of tools that are JSON objects, whatever the model wrote', () => {
    const text = encodeStream('bedrock-converse', [
      { type: 'start', id: 'x', model: 'm', created: 0, origin: 'openai-responses' },
      { type: 'part-start', choice: 0, part: 0, kind: 'tool-call', toolCallId: 'c', toolName: 'sql' },
      { type: 'part-delta', choice: 0, part: 0, text: 'select' },
      { type: 'part-delta', choice: 0, part: 0, text: ' 1' },
      { type: 'part-end', choice: 0, part: 0 },
      { type: 'finish', choice: 0, reason: 'tool-calls' },
      { type: 'end' },
    ]);
    const inputs = [...text.matchAll(/"input":("(?:[^"\\]|\\.)*")/g)].map(([, json = '""']) =>
      JSON.parse(json),
    );
    expect(inputs).toEqual(['{"input":"select 1"}']);
  });
});
