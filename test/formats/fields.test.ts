import type { ScannedFields } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { formats } from '../../plugins/formats/index.js';
import { format } from './harness.js';

/** Fields as the scanner finds them: raw JSON text. */
function scanned(body: Record<string, unknown>): ScannedFields {
  return { json: (name) => (name in body ? JSON.stringify(body[name]) : undefined) };
}

describe('the cap on output tokens', () => {
  it('is read from the request, times the answers asked for', () => {
    const cap = (id: string, body: object) => format(id).maxOutputTokens!(scanned(body as never));
    expect(cap('openai-chat', { max_tokens: 5 })).toBe(5);
    expect(cap('openai-chat', { max_tokens: 5, max_completion_tokens: 7 })).toBe(7);
    expect(cap('openai-chat', { max_tokens: 5, n: 3 })).toBe(15);
    expect(cap('openai-chat', { max_tokens: null })).toBeUndefined();
    expect(cap('openai-chat', { max_tokens: 'many' })).toBeUndefined();
    expect(cap('openai-chat', {})).toBeUndefined();
    expect(cap('openai-completions', { max_tokens: 4, n: 2, best_of: 5 })).toBe(20);
    expect(cap('anthropic-messages', { max_tokens: 1024 })).toBe(1024);
  });
});

describe('the end user', () => {
  it('is read from the request', () => {
    const user = (id: string, body: object) => format(id).user!(scanned(body as never));
    expect(user('openai-chat', { user: 'ada' })).toBe('ada');
    expect(user('openai-chat', { user: 'a"\\n\u00e9' })).toBe('a"\\n\u00e9');
    expect(user('openai-chat', { safety_identifier: 'ada' })).toBe('ada');
    expect(user('openai-chat', { user: 7 })).toBeUndefined();
    expect(user('openai-embeddings', { user: 'ada' })).toBe('ada');
    expect(user('anthropic-messages', { metadata: { user_id: 'ada' } })).toBe('ada');
    expect(user('anthropic-messages', { metadata: null })).toBeUndefined();
    expect(user('anthropic-count-tokens', {})).toBeUndefined();
  });
});

describe('the edit that makes a stream carry its usage', () => {
  const edit = (body: object) => format('openai-chat').meterEdit!(scanned(body as never));

  it('is made where the client did not ask for it, and keeps the other options', () => {
    expect(edit({})).toEqual({ field: 'stream_options', json: '{"include_usage":true}' });
    expect(edit({ stream_options: null })).toEqual({
      field: 'stream_options',
      json: '{"include_usage":true}',
    });
    expect(edit({ stream_options: { include_usage: false, include_obfuscation: false } })).toEqual({
      field: 'stream_options',
      json: '{"include_usage":true,"include_obfuscation":false}',
    });
  });

  it('is not made where the client asked, or wrote what only the provider should judge', () => {
    expect(edit({ stream_options: { include_usage: true } })).toBeUndefined();
    expect(edit({ stream_options: 'yes' })).toBeUndefined();
    expect(edit({ stream_options: [] })).toBeUndefined();
  });
});

describe('every format', () => {
  it('names the fields that its members read', () => {
    for (const one of formats) {
      const asked = new Set<string>();
      const spy: ScannedFields = { json: (name) => void asked.add(name) };
      one.maxOutputTokens?.(spy);
      one.user?.(spy);
      one.meterEdit?.(spy);
      for (const name of asked) expect(one.fields, one.id).toContain(name);
    }
  });

  it('has an id of its own', () => {
    expect(new Set(formats.map((one) => one.id)).size).toBe(formats.length);
  });
});

describe('counting tokens', () => {
  const count = format('anthropic-count-tokens');

  it('sends what counts and nothing of the answer to come', () => {
    const request = format('openai-chat').request!.decode({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      temperature: 0,
      max_tokens: 5,
      stream: true,
      user: 'u',
    });
    expect(count.request!.encode(request, { model: 'claude-sonnet-4-5', warn: () => {} })).toEqual({
      model: 'claude-sonnet-4-5',
      messages: [{ role: 'user', content: 'hi' }],
    });
  });

  it('reads requests without max_tokens and answers with the number', () => {
    const request = count.request!.decode({
      model: 'm',
      system: 's',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(request.messages).toHaveLength(2);
    const response = count.response!.decode({ input_tokens: 14 });
    expect(response.usage?.inputTokens).toBe(14);
    expect(count.response!.encode(response)).toEqual({ input_tokens: 14 });
  });
});
