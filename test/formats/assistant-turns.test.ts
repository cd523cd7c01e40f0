import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { cohereChat } from '../../plugins/formats/cohere-chat/index.js';
import { gemini } from '../../plugins/formats/gemini/index.js';
import { ollamaChat } from '../../plugins/formats/ollama-chat/index.js';
import { openaiChat } from '../../plugins/formats/openai-chat/index.js';

// Google's SDK keeps each piece of a streamed answer as a content of its own. The last piece, an empty text with the
// finish reason, came to stand between a tool call and its result, and chat completions were refused with 400.
const history: JsonObject = {
  contents: [
    { role: 'user', parts: [{ text: 'How is the weather?' }] },
    { role: 'model', parts: [{ text: 'Let me ' }] },
    { role: 'model', parts: [{ text: 'look.' }] },
    { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Bern' } } }] },
    { role: 'model', parts: [{ text: '' }] },
    { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'rain' } } }] },
    { role: 'model', parts: [{ text: 'Rain.' }] },
    { role: 'user', parts: [{ text: 'Thanks' }] },
  ],
};

const read = () => ({ ...gemini.request!.decode(history), model: 'm' });
const warn = (): void => undefined;

describe('an answer whose pieces came back as messages of their own', () => {
  it.each([openaiChat, cohereChat, ollamaChat])('is one message again in $id', (format) => {
    const body = format.request!.encode(read(), { model: 'm', warn });
    const sent = body['messages'] as JsonObject[];
    expect(sent.map((message) => message['role'])).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
    ]);
    expect(JSON.stringify(sent[1])).toContain('"weather"');
    expect(JSON.stringify(sent[1])).toMatch(/"Let me look\."|"Let me ".*"look\."/);
  });

  it('keeps its pieces on the way back to Gemini', () => {
    const body = gemini.request!.encode(read(), { model: 'm', warn });
    expect(body['contents']).toEqual(history['contents']);
  });
});
