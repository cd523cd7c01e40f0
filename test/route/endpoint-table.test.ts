import { expect, it } from 'vitest';
import { EndpointTable } from '../../core/route/endpoint-table.js';
import { formats } from '../../plugins/formats/index.js';

const openaiChat = formats.find(({ id }) => id === 'openai-chat')!;
/** Other formats are found by their ids alone. */
const named = (id: string) => ({ ...openaiChat, id });
const table = new EndpointTable();
table.add(
  new Map(['openai-chat', 'gemini', 'gemini-count-tokens', 'bedrock-converse'].map((id) => [id, named(id)])),
  () => [],
);

it.each([
  ['/v1/chat/completions', 'openai-chat', ''],
  ['/openai/v1/chat/completions', 'openai-chat', ''],
  ['/v1beta/models/gemini-2.5-pro:generateContent', 'gemini', 'gemini-2.5-pro'],
  ['/genai/v1beta/models/openai/gpt-4o:countTokens', 'gemini-count-tokens', 'openai/gpt-4o'],
  [
    '/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:streamGenerateContent',
    'gemini',
    'gemini-2.5-pro',
  ],
  [
    '/model/anthropic.claude-sonnet-4-5-v1%3A0/converse',
    'bedrock-converse',
    'anthropic.claude-sonnet-4-5-v1:0',
  ],
  ['/bedrock/model/support/converse-stream', 'bedrock-converse', 'support'],
  ['/model/100%/converse', 'bedrock-converse', '100%'],
])('%s is %s with model "%s"', (path, format, model) => {
  const found = table.at(path);
  expect(found?.endpoint.format.id).toBe(format);
  expect(found?.model).toBe(model);
});

it('knows from the path which answers stream', () => {
  expect(table.at('/v1beta/models/m:generateContent')?.endpoint.streams).toBe(false);
  expect(table.at('/v1beta/models/m:streamGenerateContent')?.endpoint.streams).toBe(true);
  expect(table.at('/model/m/converse-stream')?.endpoint.streams).toBe(true);
});

it.each(['/v1/chat', '/v1beta/models/:generateContent', '/model//converse', '/v1beta/models/m:other'])(
  'finds nothing at %s',
  (path) => {
    expect(table.at(path)).toBeUndefined();
  },
);
