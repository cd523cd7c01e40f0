import type { FakeConnection, FakeOptions } from './fake-realtime.js';

/** What one answer says it used; the numbers are those of OpenAI's example of `response.done`. */
export const USAGE = {
  total_tokens: 253,
  input_tokens: 132,
  output_tokens: 121,
  input_token_details: {
    text_tokens: 119,
    audio_tokens: 13,
    image_tokens: 0,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 91 },
};

/** An OpenAI realtime session in the order of events that the API reference documents. */
export function openaiSession(usage: object = USAGE): FakeOptions {
  let events = 0;
  const send = (connection: FakeConnection, type: string, more: object = {}): void => {
    events++;
    connection.send({ type, event_id: `event_${events}`, ...more });
  };
  return {
    greet(connection) {
      const model = new URL(connection.url, 'ws://fake').searchParams.get('model') ?? '';
      const session = { type: 'realtime', object: 'realtime.session', id: 'sess_1', model };
      send(connection, 'session.created', { session });
    },
    answer(connection, event) {
      switch (event['type']) {
        case 'session.update':
          send(connection, 'session.updated', { session: event['session'] });
          return;
        case 'conversation.item.create':
          send(connection, 'conversation.item.created', { item: event['item'] });
          return;
        case 'input_audio_buffer.commit':
          // What is said of a transcript is what the test says.
          send(connection, 'conversation.item.input_audio_transcription.completed', {
            item_id: 'item_0',
            content_index: 0,
            transcript: 'Hello',
            usage: event['usage'],
          });
          return;
        case 'response.create':
          for (const [type, more] of answerEvents(usage)) send(connection, type, more);
      }
    },
  };
}

function* answerEvents(usage: object): Generator<[type: string, more: object]> {
  const response = { object: 'realtime.response', id: 'resp_1' };
  const item = { id: 'item_1', object: 'realtime.item', type: 'message', role: 'assistant' };
  const at = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
  yield ['response.created', { response: { ...response, status: 'in_progress', output: [] } }];
  yield ['response.output_item.added', { response_id: 'resp_1', output_index: 0, item }];
  yield ['response.content_part.added', { ...at, part: { type: 'audio', transcript: '' } }];
  yield ['response.output_audio_transcript.delta', { ...at, delta: 'Hello' }];
  yield ['response.output_audio.delta', { ...at, delta: Buffer.alloc(4_800, 7).toString('base64') }];
  yield ['response.output_audio.done', at];
  yield ['response.output_item.done', { response_id: 'resp_1', output_index: 0, item }];
  yield ['response.done', { response: { ...response, status: 'completed', output: [item], usage } }];
}
