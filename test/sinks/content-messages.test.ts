import { messagesOf } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const text = (content: string) => ({ type: 'text', content });
const of = (request: unknown, answer: unknown) =>
  messagesOf({ request: JSON.stringify(request), answer: JSON.stringify(answer) });

describe('what models were told and said', () => {
  it('is read from chat completions, with calls of tools and what came of them', () => {
    const request = {
      model: 'gpt-4o',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Weather?' },
            { type: 'image_url', image_url: { url: 'x' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: '12 degrees' },
      ],
    };
    const answer = { choices: [{ message: { role: 'assistant', content: 'Cold.' }, finish_reason: 'stop' }] };
    expect(of(request, answer)).toEqual({
      input: [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Weather?'), { type: 'image_url', image_url: { url: 'x' } }] },
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bonn' } }],
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '12 degrees' }] },
      ],
      output: [{ role: 'assistant', parts: [text('Cold.')] }],
    });
  });

  it('is read from Anthropic messages', () => {
    const request = {
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bonn' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '12 degrees' }] },
      ],
    };
    const answer = { role: 'assistant', type: 'message', content: [{ type: 'text', text: 'Cold.' }] };
    expect(of(request, answer)).toEqual({
      input: [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Weather?')] },
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 't1', name: 'weather', arguments: { city: 'Bonn' } }],
        },
        { role: 'user', parts: [{ type: 'tool_call_response', id: 't1', response: '12 degrees' }] },
      ],
      output: [{ role: 'assistant', parts: [text('Cold.')] }],
    });
  });

  it('is read from responses', () => {
    const request = {
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
        { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Bonn"}' },
        { type: 'function_call_output', call_id: 'c1', output: '12 degrees' },
      ],
    };
    const answer = {
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Cold.' }] }],
    };
    expect(of(request, answer)).toEqual({
      input: [
        { role: 'system', parts: [text('Be brief.')] },
        { role: 'user', parts: [text('Weather?')] },
        {
          role: 'assistant',
          parts: [{ type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Bonn' } }],
        },
        { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: '12 degrees' }] },
      ],
      output: [{ role: 'assistant', parts: [text('Cold.')] }],
    });
    expect(of({ input: 'Hello' }, answer).input).toEqual([{ role: 'user', parts: [text('Hello')] }]);
  });

  it('is read from Gemini, Bedrock, Cohere, Ollama and embeddings', () => {
    const gemini = of(
      { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
      { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] } }] },
    );
    expect(gemini.output).toEqual([{ role: 'model', parts: [text('Hi')] }]);
    const bedrock = of(
      { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] },
      { output: { message: { role: 'assistant', content: [{ text: 'Hi' }] } } },
    );
    const cohere = of(
      { messages: [{ role: 'user', content: 'Hello' }] },
      { message: { role: 'assistant', content: [{ type: 'text', text: 'Hi' }] } },
    );
    const ollama = of({ prompt: 'Hello' }, { response: 'Hi' });
    for (const one of [gemini, bedrock, cohere, ollama])
      expect(one.input).toEqual([{ role: 'user', parts: [text('Hello')] }]);
    for (const one of [bedrock, cohere, ollama])
      expect(one.output).toEqual([{ role: 'assistant', parts: [text('Hi')] }]);
    const embeddings = of({ input: ['a', 'b'] }, {});
    expect(embeddings.input).toEqual([{ role: 'user', parts: [text('a'), text('b')] }]);
  });

  it('is one text where it cannot be read, such as one that was cut', () => {
    expect(messagesOf({ request: '{"messages":[{"ro', answer: 'data: {' })).toEqual({
      input: [{ role: 'user', parts: [text('{"messages":[{"ro')] }],
      output: [{ role: 'assistant', parts: [text('data: {')] }],
    });
    expect(messagesOf({ request: null, answer: null })).toEqual({ input: [], output: [] });
  });

  it('never fails, whatever was sent', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.json(),
        fc.constantFrom('messages', 'input', 'contents', 'choices', 'output'),
        (a, b, at) => {
          const nested = JSON.stringify({ [at]: JSON.parse(a) as unknown });
          const read = messagesOf({ request: nested, answer: b });
          for (const { role, parts } of [...read.input, ...read.output]) {
            expect(typeof role).toBe('string');
            for (const { type } of parts) expect(typeof type).toBe('string');
          }
          messagesOf({ request: a, answer: nested });
        },
      ),
    );
  });
});
