import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { expect, it } from 'vitest';
import { decodeStream, encodeStream, format, piecesOf } from './harness.js';

// OpenRouter answers with pictures beside the text, `message.images`, https://openrouter.ai/docs/features/multimodal/image-generation.
// Clients of other APIs got the text alone.

const entry = { type: 'image_url', image_url: { url: 'data:image/png;base64,cG5n' }, index: 0 };
const answer: JsonObject = {
  id: 'gen-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'google/gemini-2.5-flash-image',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Here:', refusal: null, images: [entry] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
};
const chunk = (delta: JsonObject, finish: string | null = null): string => {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
};
const stream = [
  chunk({ role: 'assistant', content: 'Here:' }),
  chunk({ images: [entry] }),
  chunk({ content: ' done' }),
  chunk({}, 'stop'),
  'data: [DONE]\n\n',
].join('');

it('pictures of a chat answer reach a client of Gemini, whole and streamed', () => {
  const decoded = format('openai-chat').response!.decode(answer);
  const picture = { inlineData: { mimeType: 'image/png', data: 'cG5n' } };
  expect(format('gemini').response!.encode(decoded)).toMatchObject({
    candidates: [{ content: { parts: [{ text: 'Here:' }, picture] } }],
  });
  const events = decodeStream('openai-chat', piecesOf('openai-chat', stream));
  const text = encodeStream('gemini', events);
  expect(text).toContain(JSON.stringify(picture.inlineData.data));
  expect(text.indexOf('Here:')).toBeLessThan(text.indexOf('cG5n'));
  expect(text.indexOf('cG5n')).toBeLessThan(text.indexOf(' done'));
});

it('pictures of a chat answer reach a client of Responses', () => {
  const decoded = format('openai-chat').response!.decode(answer);
  expect(format('openai-responses').response!.encode(decoded)).toMatchObject({
    output: [{ type: 'message' }, { type: 'image_generation_call', result: 'cG5n' }],
  });
});

it('pictures come back to a client of the same API as they came', () => {
  const decoded = format('openai-chat').response!.decode(answer);
  expect(format('openai-chat').response!.encode(decoded)).toEqual(answer);
  const folded = foldEvents(decodeStream('openai-chat', piecesOf('openai-chat', stream)));
  const message = format('openai-chat').response!.encode(folded)['choices'] as JsonObject[];
  expect(message[0]).toMatchObject({ message: { content: 'Here: done', images: [entry] } });
});

it('what calls itself a picture and is none stays where it was', () => {
  const odd = structuredClone(answer);
  const [choice] = odd['choices'] as JsonObject[];
  (choice!['message'] as JsonObject)['images'] = ['cG5n'];
  const decoded = format('openai-chat').response!.decode(odd);
  expect(decoded.choices[0]?.parts).toEqual([{ type: 'text', text: 'Here:' }]);
  expect(format('openai-chat').response!.encode(decoded)).toEqual(odd);
});
