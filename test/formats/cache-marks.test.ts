import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { translate } from './harness.js';

// A mark on a block inside a document's or a tool result's content was lost where the target has no such blocks: nobody was
// told, and the prompt was paid for anew each time.

const MARK = { type: 'ephemeral', ttl: '1h' };
const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0';

const document = (outer: JsonObject = {}): JsonObject => ({
  type: 'document',
  source: {
    type: 'content',
    content: [
      { type: 'text', text: 'First' },
      { type: 'text', text: 'Second', cache_control: MARK },
    ],
  },
  ...outer,
});
const result = (content: JsonObject[]): JsonObject => ({
  type: 'tool_result',
  tool_use_id: 'toolu_1',
  content,
});

const plain = result([
  { type: 'text', text: 'a' },
  { type: 'text', text: 'b' },
]);
const go = { type: 'text', text: 'Go on.' };

function send(target: string, ...blocks: JsonObject[]) {
  const body = {
    model: 'm',
    max_tokens: 10,
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] },
      { role: 'user', content: blocks },
    ],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
  };
  const { body: sent, warnings } = translate('anthropic-messages', target, body, { model: CLAUDE });
  return { blocks: (sent['messages'] as JsonObject[] | undefined)?.at(-1)?.['content'], warnings };
}

const cases: [string, JsonObject[]][] = [
  ['a document', [plain, document()]],
  ['a tool result', [result([{ type: 'text', text: 'a', cache_control: MARK }])]],
  ['a document in a tool result', [result([document()])]],
];

describe.each(cases)('a cache mark inside %s', (_, blocks) => {
  it('stays where it is for Anthropic, and is there once', () => {
    expect(send('anthropic-messages', ...blocks, go).blocks).toEqual([...blocks, go]);
  });

  it('is a point after the whole for Bedrock', () => {
    const { blocks: sent } = send('bedrock-converse', ...blocks, go);
    expect(JSON.stringify(sent).match(/"cachePoint"/g)).toHaveLength(1);
    expect((sent as JsonObject[]).slice(-2)).toEqual([
      { cachePoint: { type: 'default', ttl: '1h' } },
      { text: 'Go on.' },
    ]);
  });

  it.each([
    'openai-chat',
    'openai-responses',
    'gemini',
    'cohere-chat',
    'ollama-chat',
    'ollama-generate',
    'openai-completions',
  ])('is told to be unsupported by %s', (target) => {
    const said = send(target, ...blocks).warnings.filter((one) => one.startsWith('cache_control:'));
    expect(said).toHaveLength(1);
  });
});

it('a document that is marked itself keeps both marks', () => {
  const marked = document({ cache_control: { type: 'ephemeral' } });
  expect(send('anthropic-messages', plain, marked).blocks).toEqual([plain, marked]);
});
