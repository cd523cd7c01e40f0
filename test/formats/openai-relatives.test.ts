import type { JsonObject } from '@headgate/sdk';
import { foldEvents, unfoldResponse } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { decodeStream, encodeStream, format, piecesOf, translate, translateAnswer } from './harness.js';

// OpenAI's two APIs have more in common with each other than with anybody else's: custom tools, the length of an answer, caching
// by a key. Codex, for one, edits files with a custom tool. Servers that are only like OpenAI's refuse what they do not know
// (Groq: "property 'prompt_cache_key' is unsupported"), so they get none of it from clients of the other API.

const grammar = { syntax: 'lark', definition: 'start: "a"' };
const chatTool = {
  type: 'custom',
  custom: { name: 'patch', description: 'Edits', format: { type: 'grammar', grammar } },
};
const responsesTool = {
  type: 'custom',
  name: 'patch',
  description: 'Edits',
  format: { type: 'grammar', ...grammar },
};
const chatFunction = {
  type: 'function',
  function: { name: 'ls', parameters: { type: 'object' }, strict: false },
};
const responsesFunction = { type: 'function', name: 'ls', parameters: { type: 'object' }, strict: false };

const chatChoices: JsonObject[] = [
  { type: 'custom', custom: { name: 'patch' } },
  {
    type: 'allowed_tools',
    allowed_tools: {
      mode: 'required',
      tools: [
        { type: 'function', function: { name: 'ls' } },
        { type: 'custom', custom: { name: 'patch' } },
      ],
    },
  },
];
const responsesChoices: JsonObject[] = [
  { type: 'custom', name: 'patch' },
  {
    type: 'allowed_tools',
    mode: 'required',
    tools: [
      { type: 'function', name: 'ls' },
      { type: 'custom', name: 'patch' },
    ],
  },
];
const shared = {
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  safety_identifier: 'hash',
};
const chatRequest = (choice = 0): JsonObject => ({
  model: 'm',
  messages: [
    { role: 'user', content: 'Go' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'patch', input: '*** Begin' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'Done' },
  ],
  tools: [chatFunction, chatTool],
  tool_choice: chatChoices[choice]!,
  verbosity: 'low',
  ...shared,
});
const responsesRequest = (choice = 0): JsonObject => ({
  model: 'm',
  input: [
    { type: 'message', role: 'user', content: 'Go' },
    { type: 'custom_tool_call', call_id: 'c1', name: 'patch', input: '*** Begin' },
    { type: 'custom_tool_call_output', call_id: 'c1', output: 'Done' },
  ],
  tools: [responsesFunction, responsesTool],
  tool_choice: responsesChoices[choice]!,
  text: { verbosity: 'low' },
  store: false,
  ...shared,
});

const full = { fullOpenai: true };

describe('a request between OpenAI’s two APIs', () => {
  it.each([0, 1])(
    'keeps custom tools, their calls, the choice among them and shared settings (%i)',
    (choice) => {
      expect(translate('openai-chat', 'openai-responses', chatRequest(choice), full)).toEqual({
        body: responsesRequest(choice),
        warnings: [],
      });
      expect(translate('openai-responses', 'openai-chat', responsesRequest(choice), full)).toEqual({
        body: chatRequest(choice),
        warnings: [],
      });
    },
  );

  it('names a choice that only one of them has', () => {
    const choice = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] };
    const { body, warnings } = translate(
      'openai-responses',
      'openai-chat',
      { ...responsesRequest(), tool_choice: choice },
      full,
    );
    expect(body['tool_choice']).toBeUndefined();
    expect(warnings).toEqual(['tool_choice: this choice is only known to openai-responses']);
  });

  it('goes to a server that is only like OpenAI’s with nothing that it may refuse', () => {
    const chat = translate('openai-responses', 'openai-chat', responsesRequest(1));
    expect(Object.keys(chat.body).sort()).toEqual(['messages', 'model', 'tools']);
    expect(chat.body['tools']).toEqual([chatFunction]);
    expect((chat.body['messages'] as JsonObject[])[1]).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'patch', arguments: '{"input":"*** Begin"}' } },
      ],
    });
    const names = [...Object.keys(shared), 'text', 'tools', 'tool_choice'];
    expect(chat.warnings.map((one) => one.split(':')[0]).sort()).toEqual(names.sort());

    // Servers of open models want reasoning back, OpenAI's chat completions have no place for it.
    const thought = {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm', signature: '' }] }],
    };
    const replay = (context: { fullOpenai?: boolean }) =>
      translate('anthropic-messages', 'openai-chat', thought, context);
    expect(replay({}).body['messages']).toMatchObject([{ reasoning_content: 'Hm' }]);
    expect((replay(full).body['messages'] as JsonObject[])[0]).not.toHaveProperty('reasoning_content');
    expect(replay(full).warnings).toEqual(['reasoning: OpenAI’s chat completions take no reasoning back']);

    const responses = translate('openai-chat', 'openai-responses', chatRequest());
    expect(responses.body['tools']).toEqual([responsesFunction]);
    expect(responses.body['text']).toBeUndefined();
    expect((responses.body['input'] as JsonObject[]).slice(1)).toEqual([
      { type: 'function_call', call_id: 'c1', name: 'patch', arguments: '{"input":"*** Begin"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'Done' },
    ]);
    expect(responses.warnings.length).toBe(Object.keys(shared).length + 3);
  });
});

const entry = { token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] };
const chatAnswer: JsonObject = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'Hi',
        refusal: null,
        tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'patch', input: '*** "Begin"\n' } }],
      },
      logprobs: { content: [entry], refusal: null },
      finish_reason: 'tool_calls',
    },
  ],
};

describe('an answer between OpenAI’s two APIs', () => {
  const responses = translateAnswer('openai-chat', 'openai-responses', chatAnswer);

  it('keeps calls of custom tools and log probabilities', () => {
    expect(responses['output']).toMatchObject([
      { type: 'message', content: [{ type: 'output_text', text: 'Hi', logprobs: [entry] }] },
      { type: 'custom_tool_call', call_id: 'c1', name: 'patch', input: '*** "Begin"\n', status: 'completed' },
    ]);
    expect(translateAnswer('openai-responses', 'openai-chat', responses)['choices']).toEqual(
      chatAnswer['choices'],
    );
  });

  it.each([
    ['openai-chat', 'openai-responses'],
    ['openai-responses', 'openai-chat'],
  ])('keeps them in a stream from %s to %s', (from, to) => {
    const own = from === 'openai-chat' ? chatAnswer : responses;
    const there = encodeStream(from, decodeAll(from, own));
    const events = decodeStream(from, piecesOf(from, there));
    const back = decodeStream(to, piecesOf(to, encodeStream(to, events)));
    const { parts, logprobs } = foldEvents(back).choices[0]!;
    expect(logprobs).toMatchObject({ content: [entry] });
    expect(parts).toMatchObject([
      { type: 'text', text: 'Hi' },
      { type: 'tool-call', id: 'c1', name: 'patch', arguments: '*** "Begin"\n', custom: true },
    ]);
  });
});

function decodeAll(from: string, answer: JsonObject) {
  return unfoldResponse(format(from).response!.decode(structuredClone(answer)));
}
