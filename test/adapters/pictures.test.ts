import { toFile } from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { startVendors } from './vendors.js';

const vendors = await startVendors();
const { client, seen, settled } = vendors;
afterAll(() => vendors.close());

const PNG = Buffer.from('png').toString('base64');
const picture = () => toFile(Buffer.from('png'), 'cat.png', { type: 'image/png' });
const generate = (model: string, more: object = {}) =>
  client.images.generate({ model, prompt: 'a cat', ...more }).withResponse();

const geminiPicture = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [{ text: 'Here:' }, { inlineData: { mimeType: 'image/png', data: PNG } }],
      },
      finishReason: 'STOP',
    },
  ],
  usageMetadata: {
    promptTokenCount: 5,
    candidatesTokenCount: 1290,
    totalTokenCount: 1295,
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
  },
};

describe('pictures of OpenAI’s API', () => {
  it('are made by Gemini models, paid by their tokens', async () => {
    vendors.say(() => ({ body: geminiPicture }));
    const { data } = await generate('gemini/gemini-2.5-flash-image', { size: '1536x1024' });
    expect(data).toMatchObject({
      data: [{ b64_json: PNG }],
      usage: { input_tokens: 5, output_tokens: 1290 },
    });
    expect(seen[0]?.url).toBe('/gemini/v1beta/models/gemini-2.5-flash-image:generateContent');
    expect(seen[0]?.json).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'a cat' }] }],
      generationConfig: { responseModalities: ['TEXT', 'IMAGE'], imageConfig: { aspectRatio: '3:2' } },
    });
    await expect.poll(() => settled.length).toBe(1);
    expect(settled[0]?.usage?.units).toEqual({ outputImageTokens: 1290 });
  });

  it('are changed by Gemini models', async () => {
    vendors.say(() => ({ body: geminiPicture }));
    const answer = await client.images.edit({
      model: 'gemini/gemini-2.5-flash-image',
      image: [await picture(), await picture()],
      prompt: 'add a hat',
    });
    expect(answer.data?.[0]?.b64_json).toBe(PNG);
    const inlineData = { mimeType: 'image/png', data: PNG };
    expect(seen[0]?.json['contents']).toEqual([
      { role: 'user', parts: [{ inlineData }, { inlineData }, { text: 'add a hat' }] },
    ]);
  });

  it('are not changed by Gemini models, nor by others, where there is a mask and no picture', async () => {
    for (const model of ['gemini/gemini-2.5-flash-image', 'stability/core']) {
      vendors.say(() => ({ body: geminiPicture }));
      const body = { model, mask: await picture(), prompt: 'add a hat' } as never;
      await expect(client.images.edit(body)).rejects.toMatchObject({ status: 400, param: 'image' });
      expect(seen).toEqual([]);
    }
  });

  it('tell why a Gemini model made none', async () => {
    vendors.say(() => ({
      body: { candidates: [{ content: { parts: [{ text: 'I cannot draw that.' }] }, finishReason: 'STOP' }] },
    }));
    await expect(generate('gemini/gemini-2.5-flash-image')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('I cannot draw that.'),
    });
    vendors.say(() => ({ body: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } } }));
    await expect(generate('gemini/gemini-2.5-flash-image')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('PROHIBITED_CONTENT'),
    });
  });

  it('are made by Imagen, several at a time', async () => {
    vendors.say(() => ({
      body: {
        predictions: [
          { mimeType: 'image/png', bytesBase64Encoded: PNG, prompt: 'a lovely cat' },
          { mimeType: 'image/png', bytesBase64Encoded: PNG },
        ],
      },
    }));
    const { data, response } = await generate('gemini/imagen-3.0-generate-001', {
      n: 2,
      size: '1024x1792',
      quality: 'hd',
    });
    expect(data.data).toEqual([{ b64_json: PNG, revised_prompt: 'a lovely cat' }, { b64_json: PNG }]);
    expect(response.headers.get('x-headgate-dropped')).toBe('quality');
    expect(seen[0]?.json).toEqual({
      instances: [{ prompt: 'a cat' }],
      parameters: { sampleCount: 2, aspectRatio: '9:16' },
    });
    await expect.poll(() => settled.length).toBe(1);
    expect(settled[0]?.usage?.units?.images).toBe(2);
    expect(Number(response.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
  });

  it('are made by Nova Canvas at Bedrock, the request signed', async () => {
    vendors.say(() => ({ body: { images: [PNG], error: null } }));
    const { data } = await generate('bedrock/amazon.nova-canvas-v1:0', { size: '1280x720', quality: 'high' });
    expect(data.data).toEqual([{ b64_json: PNG }]);
    expect(seen[0]?.url).toBe('/bedrock/model/amazon.nova-canvas-v1%3A0/invoke');
    expect(seen[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/);
    expect(seen[0]?.json).toEqual({
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: 'a cat' },
      imageGenerationConfig: { numberOfImages: 1, quality: 'premium', width: 1280, height: 720 },
    });
  });

  it('are painted over and varied by Nova Canvas', async () => {
    vendors.say(() => ({ body: { images: [PNG] } }));
    const model = 'bedrock/amazon.nova-canvas-v1:0';
    await client.images.edit({ model, image: await picture(), mask: await picture(), prompt: 'a hat' });
    expect(seen[0]?.json).toMatchObject({
      taskType: 'INPAINTING',
      inPaintingParams: { image: PNG, maskImage: PNG, text: 'a hat' },
    });
    await client.images.createVariation({ model, image: await picture(), n: 2 });
    expect(seen[1]?.json).toMatchObject({
      taskType: 'IMAGE_VARIATION',
      imageVariationParams: { images: [PNG] },
      imageGenerationConfig: { numberOfImages: 2 },
    });
  });

  it('are made by Stability AI’s models at Bedrock, which say what they filter', async () => {
    vendors.say(() => ({ body: { seeds: [1], finish_reasons: [null], images: [PNG] } }));
    const { data } = await generate('bedrock/stability.stable-image-core-v1:1', { size: '1792x1024' });
    expect(data.data).toEqual([{ b64_json: PNG }]);
    expect(seen[0]?.json).toEqual({ prompt: 'a cat', mode: 'text-to-image', aspect_ratio: '16:9' });
    vendors.say(() => ({ body: { seeds: [], finish_reasons: ['Filter reason: prompt'], images: [] } }));
    await expect(generate('bedrock/stability.stable-image-core-v1:1')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('Filter reason: prompt'),
    });
  });

  it('are made and painted over by Stability AI, which takes forms', async () => {
    vendors.say(() => ({ body: { image: PNG, finish_reason: 'SUCCESS', seed: 1 } }));
    const { data } = await generate('stability/sd3.5-large', { size: '1024x1024', response_format: 'url' });
    expect(data.data).toEqual([{ url: `data:image/png;base64,${PNG}` }]);
    expect(seen[0]?.url).toBe('/stability/v2beta/stable-image/generate/sd3');
    expect(seen[0]?.headers.accept).toBe('application/json');
    expect(seen[0]?.form).toEqual({
      prompt: 'a cat',
      model: 'sd3.5-large',
      aspect_ratio: '1:1',
      output_format: 'png',
    });
    const image = await picture();
    await client.images.edit({
      model: 'stability/stable-image-ultra',
      image,
      mask: await picture(),
      prompt: 'a hat',
    });
    expect(seen[1]?.url).toBe('/stability/v2beta/stable-image/edit/inpaint');
    expect(seen[1]?.form).toEqual({
      prompt: 'a hat',
      image: ['cat.png', 'image/png', 'png'],
      mask: ['cat.png', 'image/png', 'png'],
      output_format: 'png',
    });
    vendors.say(() => ({
      status: 403,
      body: { id: '1', name: 'content_moderation', errors: ['Your request was flagged.'] },
    }));
    await expect(generate('stability/stable-image-core')).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('Your request was flagged.'),
    });
  });

  it('are made by fal, as addresses or in base64', async () => {
    vendors.say(({ json }) => ({
      body: {
        images: [
          { url: json['sync_mode'] === true ? `data:image/jpeg;base64,${PNG}` : 'https://fal.media/1.jpg' },
        ],
        seed: 1,
      },
    }));
    const url = await generate('fal/fal-ai/flux/schnell', { size: '512x768', n: 1 });
    expect(url.data.data).toEqual([{ url: 'https://fal.media/1.jpg' }]);
    expect(seen[0]?.url).toBe('/fal/fal-ai/flux/schnell');
    expect(seen[0]?.headers.authorization).toBe('Key key-of-fal-0123456789');
    expect(seen[0]?.json).toEqual({
      prompt: 'a cat',
      num_images: 1,
      image_size: { width: 512, height: 768 },
    });
    const inline = await generate('fal/fal-ai/flux/schnell', { response_format: 'b64_json' });
    expect(inline.data.data).toEqual([{ b64_json: PNG }]);
  });

  it('are waited for at Black Forest Labs, where the job is', async () => {
    let looks = 0;
    vendors.say(({ method }) => {
      if (method === 'POST')
        return { body: { id: 'job-1', polling_url: `${vendors.url}/bfl/v1/get_result?id=job-1` } };
      return ++looks === 1
        ? { body: { id: 'job-1', status: 'Pending', result: null } }
        : { body: { id: 'job-1', status: 'Ready', result: { sample: 'https://delivery.bfl.ai/1.jpg' } } };
    });
    const { data, response } = await generate('black_forest_labs/flux-2-pro', {
      response_format: 'b64_json',
    });
    expect(data.data).toEqual([{ url: 'https://delivery.bfl.ai/1.jpg' }]);
    expect(response.headers.get('x-headgate-dropped')).toBe('response_format');
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /bfl/v1/flux-2-pro',
      'GET /bfl/v1/get_result?id=job-1',
      'GET /bfl/v1/get_result?id=job-1',
    ]);
    expect(seen.every(({ headers }) => headers['x-key'] === 'key-of-bfl-0123456789')).toBe(true);
  });

  it('are refused by Black Forest Labs’ moderation', async () => {
    vendors.say(({ method }) =>
      method === 'POST'
        ? { body: { id: 'job-1', polling_url: `${vendors.url}/bfl/v1/get_result?id=job-1` } }
        : {
            body: {
              id: 'job-1',
              status: 'Content Moderated',
              details: { 'Moderation Reasons': ['Violence'] },
            },
          },
    );
    await expect(generate('black_forest_labs/flux-2-pro')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('Violence'),
    });
  });

  it('never send the key to an address that is not the provider’s', async () => {
    vendors.say(() => ({
      body: { id: 'job-1', polling_url: 'https://api.elsewhere.example/v1/get_result?id=job-1' },
    }));
    await expect(generate('black_forest_labs/flux-2-pro')).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('not under the provider’s domain'.replace('’', "'")),
    });
    expect(seen).toHaveLength(1);
  });

  it('are waited for at Replicate', async () => {
    vendors.say(({ method }) =>
      method === 'POST'
        ? { status: 201, body: { id: 'p1', status: 'processing', output: null } }
        : { body: { id: 'p1', status: 'succeeded', output: ['https://replicate.delivery/1.webp'] } },
    );
    const { data } = await generate('replicate/black-forest-labs/flux-schnell', { size: '1024x1024' });
    expect(data.data).toEqual([{ url: 'https://replicate.delivery/1.webp' }]);
    expect(seen[0]?.url).toBe('/replicate/v1/models/black-forest-labs/flux-schnell/predictions');
    expect(seen[0]?.headers.prefer).toBe('wait=60');
    expect(seen[0]?.json).toEqual({ input: { prompt: 'a cat', aspect_ratio: '1:1' } });
    expect(seen[1]?.url).toBe('/replicate/v1/predictions/p1');
  });

  it('are waited for at Runway', async () => {
    vendors.say(({ method }) =>
      method === 'POST'
        ? { body: { id: 'task-1' } }
        : {
            body: {
              id: 'task-1',
              status: 'SUCCEEDED',
              output: ['https://dnznrvs05pmza.cloudfront.net/1.png'],
            },
          },
    );
    const { data } = await generate('runway/gen4_image', { size: '1920x1080' });
    expect(data.data).toEqual([{ url: 'https://dnznrvs05pmza.cloudfront.net/1.png' }]);
    expect(seen[0]?.headers['x-runway-version']).toBe('2024-11-06');
    expect(seen[0]?.json).toEqual({ model: 'gen4_image', promptText: 'a cat', ratio: '1920:1080' });
    vendors.say(({ method }) =>
      method === 'POST'
        ? { body: { id: 'task-1' } }
        : {
            body: {
              id: 'task-1',
              status: 'FAILED',
              failure: 'Not allowed.',
              failureCode: 'SAFETY.INPUT.TEXT',
            },
          },
    );
    await expect(generate('runway/gen4_image')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('Not allowed.'),
    });
  });

  it.each(['fal/../secret', 'replicate/../../v1/account', 'fal/a/./b', 'bedrock/..'])(
    'are not asked of a path that a model’s name leads out of: %s',
    async (model) => {
      vendors.say(() => ({ body: {} }));
      await expect(generate(model)).rejects.toMatchObject({ status: 400, code: 'invalid_path' });
      expect(seen).toEqual([]);
    },
  );

  it('come as events for a client that streams', async () => {
    vendors.say(() => ({ body: geminiPicture }));
    const stream = await client.images.generate({
      model: 'gemini/gemini-2.5-flash-image',
      prompt: 'a cat',
      stream: true,
    });
    const events: unknown[] = [];
    for await (const event of stream) events.push(event);
    expect(events).toMatchObject([{ type: 'image_generation.completed', b64_json: PNG }]);
  });

  it('stop being waited for when the client leaves', async () => {
    vendors.say(({ method }) =>
      method === 'POST'
        ? { body: { id: 'p1', status: 'starting' } }
        : { body: { id: 'p1', status: 'processing' } },
    );
    const leaving = new AbortController();
    const asked = client.images.generate(
      { model: 'replicate/owner/name', prompt: 'a cat' },
      { signal: leaving.signal },
    );
    await expect.poll(() => seen.length, { timeout: 30_000 }).toBeGreaterThan(1);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => settled.length).toBe(1);
    const after = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(seen.length).toBe(after);
  });

  it.each(['{"images": [', '[]', '"text"', '', '{"images":"no"}', '{"images":[{"url":5}]}'])(
    'are not made of nonsense: %s',
    async (body) => {
      vendors.say(() => ({ headers: { 'content-type': 'application/json' }, body }));
      await expect(generate('fal/fal-ai/flux/schnell')).rejects.toMatchObject({ status: 502 });
    },
  );
});

describe('moderations of OpenAI’s API', () => {
  it('are made by Mistral, which does not say whether anything is flagged', async () => {
    vendors.say(() => ({
      body: {
        id: 'm1',
        model: 'mistral-moderation-latest',
        results: [
          { categories: { sexual: false, pii: true }, category_scores: { sexual: 0.01, pii: 0.9 } },
          { categories: { sexual: false, pii: false }, category_scores: { sexual: 0.01, pii: 0.1 } },
        ],
      },
    }));
    const answer = await client.moderations.create({
      model: 'mistral/mistral-moderation-latest',
      input: [
        { type: 'text', text: 'my number is …' },
        { type: 'text', text: 'hello' },
      ] as never,
    });
    expect(answer.results.map(({ flagged }) => flagged)).toEqual([true, false]);
    expect(seen[0]?.url).toBe('/mistral/v1/moderations');
    expect(seen[0]?.json).toEqual({ model: 'mistral-moderation-latest', input: ['my number is …', 'hello'] });
  });
});
