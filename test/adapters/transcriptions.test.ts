import { toFile } from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { startVendors } from './vendors.js';

const vendors = await startVendors();
const { client, seen, settled } = vendors;
afterAll(() => vendors.close());

const recording = () => toFile(Buffer.from('RIFFsound'), 'call.wav', { type: 'audio/wav' });

/** https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded */
const deepgram = {
  metadata: { request_id: 'dg-1', duration: 3.5, channels: 1 },
  results: {
    channels: [
      {
        detected_language: 'en',
        alternatives: [
          {
            transcript: 'Hello there. How are you?',
            confidence: 0.99,
            words: [
              { word: 'hello', start: 0.1, end: 0.5, confidence: 0.99, punctuated_word: 'Hello', speaker: 0 },
              {
                word: 'there',
                start: 0.5,
                end: 0.9,
                confidence: 0.99,
                punctuated_word: 'there.',
                speaker: 0,
              },
              { word: 'how', start: 1.5, end: 1.7, confidence: 0.99, punctuated_word: 'How', speaker: 1 },
              { word: 'are', start: 1.7, end: 1.9, confidence: 0.99, punctuated_word: 'are', speaker: 1 },
              { word: 'you', start: 1.9, end: 2.25, confidence: 0.99, punctuated_word: 'you?', speaker: 1 },
            ],
          },
        ],
      },
    ],
  },
};

describe('transcriptions of OpenAI’s API', () => {
  it('are made by Deepgram of the recording itself, paid by its length', async () => {
    vendors.say(() => ({ body: deepgram }));
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'deepgram/nova-3', file: await recording(), language: 'en' })
      .withResponse();
    expect(data).toEqual({ text: 'Hello there. How are you?', usage: { type: 'duration', seconds: 3.5 } });
    expect(response.headers.get('x-headgate-dropped')).toBeNull();
    const [asked] = seen;
    expect(asked?.url).toBe('/deepgram/v1/listen?model=nova-3&smart_format=true&language=en');
    expect(asked?.headers['content-type']).toBe('audio/wav');
    expect(asked?.body.toString()).toBe('RIFFsound');
    await expect.poll(() => settled.length).toBe(1);
    expect(settled[0]?.usage?.units).toEqual({ inputAudioMs: 3500 });
    expect(Number(response.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
  });

  it('come in each of the forms that the API has', async () => {
    vendors.say(() => ({ body: deepgram }));
    const ask = async (more: object) =>
      (await client.audio.transcriptions.create({
        model: 'deepgram/nova-3',
        file: await recording(),
        ...more,
      })) as unknown;
    expect(await ask({ response_format: 'text' })).toBe('Hello there. How are you?\n');
    expect(await ask({ response_format: 'srt' })).toBe(
      '1\n00:00:00,100 --> 00:00:00,900\nHello there.\n\n2\n00:00:01,500 --> 00:00:02,250\nHow are you?\n\n',
    );
    expect(await ask({ response_format: 'vtt' })).toBe(
      'WEBVTT\n\n00:00:00.100 --> 00:00:00.900\nHello there.\n\n00:00:01.500 --> 00:00:02.250\nHow are you?\n\n',
    );
    expect(
      await ask({ response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] }),
    ).toMatchObject({
      task: 'transcribe',
      language: 'en',
      duration: 3.5,
      segments: [
        { id: 0, start: 0.1, end: 0.9, text: 'Hello there.' },
        { id: 1, start: 1.5, end: 2.25, text: 'How are you?' },
      ],
      words: [{ word: 'Hello', start: 0.1, end: 0.5 }, { word: 'there.' }, { word: 'How' }, {}, {}],
    });
    expect(await ask({ response_format: 'diarized_json' })).toMatchObject({
      segments: [{ speaker: 'speaker_0' }, { speaker: 'speaker_1', text: 'How are you?' }],
    });
    expect(seen.at(-1)?.url).toContain('&diarize=true');
    await expect.poll(() => settled.length).toBe(5);
    expect(settled.map(({ usage }) => usage?.units?.inputAudioMs)).toEqual([3500, 3500, 3500, 3500, 3500]);
  });

  it('come as events for a client that streams', async () => {
    vendors.say(() => ({ body: deepgram }));
    const stream = await client.audio.transcriptions.create({
      model: 'deepgram/nova-3',
      file: await recording(),
      stream: true,
    });
    const events: string[] = [];
    for await (const event of stream) events.push(`${event.type} ${'text' in event ? event.text : ''}`);
    expect(events).toEqual(['transcript.text.delta ', 'transcript.text.done Hello there. How are you?']);
  });

  it('are made by ElevenLabs of the same form under its own names', async () => {
    vendors.say(() => ({
      body: {
        language_code: 'eng',
        language_probability: 0.98,
        text: 'Hello there.',
        words: [
          { text: 'Hello', type: 'word', start: 0, end: 0.4, speaker_id: 'speaker_0', logprob: 0 },
          { text: ' ', type: 'spacing', start: 0.4, end: 0.5, speaker_id: 'speaker_0', logprob: 0 },
          { text: 'there.', type: 'word', start: 0.5, end: 1.25, speaker_id: 'speaker_0', logprob: 0 },
        ],
      },
    }));
    const answer = await client.audio.transcriptions.create({
      model: 'elevenlabs/scribe_v1',
      file: await recording(),
      temperature: 0.2,
      response_format: 'verbose_json',
    });
    expect(answer).toMatchObject({ text: 'Hello there.', duration: 1.25, language: 'eng' });
    expect(seen[0]?.form).toEqual({
      model_id: 'scribe_v1',
      temperature: '0.2',
      tag_audio_events: 'false',
      file: ['call.wav', 'audio/wav', 'RIFFsound'],
    });
  });

  it('are ordered at AssemblyAI and looked at until they are done', async () => {
    let looks = 0;
    vendors.say(({ url }) => {
      if (url.endsWith('/upload')) return { body: { upload_url: 'https://cdn.assemblyai.com/upload/1' } };
      if (url.endsWith('/transcript')) return { body: { id: 'tr/1', status: 'queued' } };
      if (++looks < 2) return { body: { id: 'tr/1', status: 'processing' } };
      return {
        body: {
          id: 'tr/1',
          status: 'completed',
          text: 'Hi.',
          language_code: 'en_us',
          audio_duration: 2,
          words: [{ text: 'Hi.', start: 100, end: 400, confidence: 1, speaker: 'A' }],
        },
      };
    });
    const answer = await client.audio.transcriptions.create({
      model: 'assemblyai_speech/universal',
      file: await recording(),
      response_format: 'diarized_json',
    });
    expect(answer).toMatchObject({
      text: 'Hi.',
      duration: 2,
      segments: [{ start: 0.1, end: 0.4, speaker: 'A' }],
    });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /assemblyai/v2/upload',
      'POST /assemblyai/v2/transcript',
      'GET /assemblyai/v2/transcript/tr%2F1',
      'GET /assemblyai/v2/transcript/tr%2F1',
    ]);
    expect(seen[0]?.body.toString()).toBe('RIFFsound');
    expect(seen[1]?.json).toEqual({
      audio_url: 'https://cdn.assemblyai.com/upload/1',
      speech_models: ['universal'],
      language_detection: true,
      speaker_labels: true,
    });
    expect(seen.every(({ headers }) => headers.authorization === 'key-of-assemblyai-0123456789')).toBe(true);
    expect(seen[2]?.headers['content-type']).toBeUndefined();
  });

  it('tell that a job at AssemblyAI has failed', async () => {
    vendors.say(({ url }) =>
      url.endsWith('/upload')
        ? { body: { upload_url: 'https://cdn.assemblyai.com/upload/1' } }
        : {
            body: {
              id: 'tr-1',
              status: 'error',
              error: 'Transcoding failed. File does not appear to contain audio.',
            },
          },
    );
    const failed = client.audio.transcriptions.create({
      model: 'assemblyai_speech/universal',
      file: await recording(),
    });
    await expect(failed).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('Transcoding failed'),
    });
  });

  it('are written by Gemini, which knows no times', async () => {
    vendors.say(() => ({
      body: {
        candidates: [{ content: { parts: [{ text: 'Hello there.\n' }] }, finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: 40,
          candidatesTokenCount: 4,
          totalTokenCount: 44,
          promptTokensDetails: [
            { modality: 'TEXT', tokenCount: 8 },
            { modality: 'AUDIO', tokenCount: 32 },
          ],
        },
      },
    }));
    const answer = await client.audio.transcriptions.create({
      model: 'gemini/gemini-2.5-flash',
      file: await recording(),
    });
    expect(answer).toEqual({
      text: 'Hello there.',
      usage: {
        type: 'tokens',
        input_tokens: 40,
        output_tokens: 4,
        total_tokens: 44,
        input_token_details: { text_tokens: 8, audio_tokens: 32 },
      },
    });
    expect(JSON.stringify(seen[0]?.json)).toContain(Buffer.from('RIFFsound').toString('base64'));
    await expect.poll(() => settled.length).toBe(1);
    expect(settled[0]?.usage).toMatchObject({ inputTokens: 40, inputAudioTokens: 32, outputTokens: 4 });
    const timed = client.audio.transcriptions.create({
      model: 'gemini/gemini-2.5-flash',
      file: await recording(),
      response_format: 'srt',
    });
    await expect(timed).rejects.toMatchObject({ status: 400, param: 'response_format' });
  });

  it('go on at Deepgram when OpenAI fails, with the same recording', async () => {
    vendors.say(({ url }) =>
      url.startsWith('/openai')
        ? { status: 503, body: { error: { message: 'overloaded' } } }
        : { body: deepgram },
    );
    const { data, response } = await client.audio.transcriptions
      .create({ model: 'ears', file: await recording() })
      .withResponse();
    expect(data.text).toBe('Hello there. How are you?');
    expect(response.headers.get('x-headgate-provider')).toBe('deepgram');
    expect(seen[0]?.form).toMatchObject({ model: 'whisper-1', file: ['call.wav', 'audio/wav', 'RIFFsound'] });
    expect(seen[1]?.body.toString()).toBe('RIFFsound');
  });

  it('need a file', async () => {
    vendors.say(() => ({ body: deepgram }));
    const failed = client.audio.transcriptions.create({ model: 'deepgram/nova-3', file: undefined as never });
    await expect(failed).rejects.toMatchObject({ status: 400 });
    const form = new FormData();
    form.set('model', 'deepgram/nova-3');
    const answer = await vendors.gateway.fetch('/v1/audio/transcriptions', { method: 'POST', body: form });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("'file' must be a file of the form");
    expect(seen).toEqual([]);
  });
});
