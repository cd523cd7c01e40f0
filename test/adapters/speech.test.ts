import { afterAll, describe, expect, it } from 'vitest';
import { startVendors } from './vendors.js';

const vendors = await startVendors();
const { client, seen, settled } = vendors;
afterAll(() => vendors.close());

const pcm = Buffer.from([1, 0, 2, 0, 3, 0]);
const geminiSound = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: pcm.toString('base64') } }],
      },
      finishReason: 'STOP',
    },
  ],
  usageMetadata: {
    promptTokenCount: 7,
    candidatesTokenCount: 60,
    totalTokenCount: 67,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 7 }],
    candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 60 }],
  },
};

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe('speech of OpenAI’s API', () => {
  it('is made by ElevenLabs, its bytes passing as they come, and paid by the character', async () => {
    vendors.say(() => ({
      headers: { 'content-type': 'audio/mpeg', 'request-id': 'el-1' },
      body: [Buffer.from('ID3'), Buffer.from('sound')],
    }));
    const answer = await client.audio.speech.create({
      model: 'elevenlabs/eleven_multilingual_v2',
      voice: 'alloy',
      input: 'Grüß Gott 👋',
      speed: 1.1,
    });
    expect((await bytesOf(answer)).toString()).toBe('ID3sound');
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get('x-headgate-dropped')).toBeNull();
    const [asked] = seen;
    expect(asked?.url).toBe(
      '/elevenlabs/v1/text-to-speech/SAz9YHcvj6GT2YYXdXww/stream?output_format=mp3_44100_128',
    );
    expect(asked?.headers['xi-api-key']).toBe('key-of-elevenlabs-0123456789');
    expect(asked?.headers.authorization).toBeUndefined();
    expect(asked?.json).toEqual({
      text: 'Grüß Gott 👋',
      model_id: 'eleven_multilingual_v2',
      voice_settings: { speed: 1.1 },
    });
    await expect.poll(() => settled.length).toBe(1);
    expect(settled[0]?.usage?.units).toMatchObject({ characters: 11 });
    expect(settled[0]).toMatchObject({ provider: 'elevenlabs', targetModel: 'eleven_multilingual_v2' });
  });

  it('takes a voice of the provider’s own, and says what the provider has no words for', async () => {
    vendors.say(() => ({ headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from('x') }));
    const answer = await client.audio.speech.create({
      model: 'elevenlabs/eleven_v3',
      voice: 'JBFqnCBsd6RMkjVDRZzb',
      input: 'Hello',
      instructions: 'whisper',
      response_format: 'flac',
    });
    expect(seen[0]?.url).toContain('/JBFqnCBsd6RMkjVDRZzb/stream?output_format=mp3_44100_128');
    expect(answer.headers.get('x-headgate-dropped')).toBe('instructions, response_format');
  });

  it('comes as events for a client that wants events', async () => {
    vendors.say(() => ({
      headers: { 'content-type': 'audio/mpeg' },
      body: [Buffer.from('one'), Buffer.from('two')],
    }));
    const answer = await client.audio.speech.create({
      model: 'elevenlabs/eleven_v3',
      voice: 'alloy',
      input: 'Hello',
      stream_format: 'sse',
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = (await answer.text())
      .split('\n\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text.replace(/^data: /, '')) as { type: string; audio?: string });
    const sound = events.flatMap(({ audio }) => (audio === undefined ? [] : [Buffer.from(audio, 'base64')]));
    expect(Buffer.concat(sound).toString()).toBe('onetwo');
    expect(events.at(-1)).toEqual({ type: 'speech.audio.done' });
  });

  it('is made by Deepgram in every format there is', async () => {
    vendors.say(() => ({ headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from('x') }));
    for (const format of ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const)
      await client.audio.speech.create({
        model: 'deepgram/aura-2',
        voice: 'thalia',
        input: 'Hello',
        response_format: format,
      });
    expect(seen.map(({ url }) => url)).toEqual([
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=mp3',
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=opus&container=ogg',
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=aac',
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=flac',
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=linear16&container=wav&sample_rate=24000',
      '/deepgram/v1/speak?model=aura-2-thalia-en&encoding=linear16&container=none&sample_rate=24000',
    ]);
    expect(seen[0]?.headers.authorization).toBe('Token key-of-deepgram-0123456789');
    expect(seen[0]?.json).toEqual({ text: 'Hello' });
  });

  it('is made by Gemini as WAV or PCM, paid by its tokens', async () => {
    vendors.say(() => ({ body: geminiSound }));
    const wav = await client.audio.speech.create({
      model: 'gemini/gemini-2.5-flash-preview-tts',
      voice: 'alloy',
      input: 'Hello',
      instructions: 'Say it cheerfully',
      response_format: 'wav',
    });
    const bytes = await bytesOf(wav);
    expect(bytes.subarray(0, 4).toString()).toBe('RIFF');
    expect(bytes.readUInt32LE(24)).toBe(24_000);
    expect(bytes.subarray(44)).toEqual(pcm);
    expect(wav.headers.get('content-type')).toBe('audio/wav');
    expect(seen[0]?.url).toBe('/gemini/v1beta/models/gemini-2.5-flash-preview-tts:generateContent');
    expect(seen[0]?.json).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'Say it cheerfully:\nHello' }] }],
      generationConfig: {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      },
    });
    const raw = await client.audio.speech.create({
      model: 'gemini/gemini-2.5-flash-preview-tts',
      voice: 'Puck',
      input: 'Hello',
      response_format: 'pcm',
    });
    expect(await bytesOf(raw)).toEqual(pcm);
    await expect.poll(() => settled.length).toBe(2);
    expect(settled[0]?.usage).toMatchObject({ inputTokens: 7, outputTokens: 60, outputAudioTokens: 60 });
  });

  it('fails in OpenAI’s words, which say what the vendor said', async () => {
    vendors.say(() => ({
      status: 400,
      body: { detail: { status: 'voice_not_found', message: 'A voice with that id was not found.' } },
    }));
    const failed = client.audio.speech.create({
      model: 'elevenlabs/eleven_v3',
      voice: 'nobody',
      input: 'Hello',
    });
    await expect(failed).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('A voice with that id was not found.'),
    });
  });

  it.each([
    [429, '', 'rate-limiting'],
    [500, '<html>Bad gateway</html>', '<html>Bad gateway</html>'],
    [422, '{"detail":[{"loc":["body","text"],"msg":"field required"}]}', 'field required'],
    [401, '{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}', 'refused'],
  ])('fails with one clear error when a vendor answers %i with %s', async (status, body, said) => {
    vendors.say(() => ({ status, body }));
    const failed = client.audio.speech.create({ model: 'elevenlabs/eleven_v3', voice: 'a', input: 'Hello' });
    const error = await failed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining(said) });
    expect(String((error as Error).message)).not.toContain('""');
    expect(String((error as Error).message)).not.toContain('key-of-elevenlabs');
  });

  it('is not asked of a vendor that cannot say a field, where that is the operator’s rule', async () => {
    vendors.say(() => ({ headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from('x') }));
    const answer = await client.audio.speech.create({
      model: 'strict',
      voice: 'thalia',
      input: 'Hello',
      response_format: 'flac',
    });
    expect(answer.headers.get('x-headgate-provider')).toBe('deepgram');
    expect(seen.map(({ url }) => url)).toEqual(['/deepgram/v1/speak?model=aura-2-thalia-en&encoding=flac']);
    const none = client.audio.speech.create({
      model: 'strict',
      voice: 'thalia',
      input: 'Hello',
      instructions: 'sing',
    });
    await expect(none).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('"instructions"'),
    });
  });

  it('is refused with the field’s name when it makes no sense', async () => {
    vendors.say(() => ({ body: {} }));
    await expect(
      client.audio.speech.create({ model: 'deepgram/aura-2', voice: 'thalia', input: 5 as never }),
    ).rejects.toMatchObject({ status: 400, param: 'input' });
    expect(seen).toEqual([]);
  });

  it('hears of an answer that is none', async () => {
    vendors.say(() => ({ body: { candidates: [] } }));
    await expect(
      client.audio.speech.create({
        model: 'gemini/gemini-2.5-flash-preview-tts',
        voice: 'alloy',
        input: 'Hello',
      }),
    ).rejects.toMatchObject({ status: 502, message: expect.stringContaining('it has no candidate') });
  });
});
