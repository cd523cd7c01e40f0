import type { JsonObject } from '@headgate/sdk';
import * as fc from 'fast-check';
import { json, name, number, schema, some, text, withExtra } from './json.js';

/** Valid requests of `:generateContent`, in the spelling that Google's SDKs write, with unknown members everywhere. */

const signature = fc.constantFrom('c2lnbmF0dXJl', 'AAEC', 'skip_thought_signature_validator');
const object = fc.dictionary(name, json, { maxKeys: 3, noNullPrototype: true });
const textPart = withExtra(some({ text, thoughtSignature: signature }, ['text']));
const thoughtPart = withExtra(
  some({ text, thought: fc.constant(true), thoughtSignature: signature }, ['text', 'thought']),
);
const lateSignature = fc.record({ text: fc.constant(''), thoughtSignature: signature });
const blob = withExtra(
  fc.record({
    mimeType: fc.constantFrom('image/png', 'audio/wav', 'application/pdf', 'video/mp4', 'text/plain'),
    data: fc.constantFrom('iVBORw0KGgo=', 'UklGRg=='),
  }),
);
const mediaPart = withExtra(
  some({ inlineData: blob, videoMetadata: fc.constant({ fps: 2 }), thoughtSignature: signature }, [
    'inlineData',
  ]),
);
const filePart = withExtra(
  fc.record({
    fileData: withExtra(
      some(
        {
          mimeType: fc.constantFrom('image/jpeg', 'application/pdf', 'video/mp4'),
          fileUri: fc.constantFrom(
            'https://example.com/a.jpg',
            'gs://bucket/a.pdf',
            'https://generativelanguage.googleapis.com/v1beta/files/abc',
          ),
          displayName: text,
        },
        ['fileUri'],
      ),
    ),
  }),
);
const callPart = withExtra(
  some(
    {
      functionCall: withExtra(some({ id: name, name, args: object }, ['name', 'args'])),
      thoughtSignature: signature,
    },
    ['functionCall'],
  ),
);
const response = fc.oneof(
  fc.record({ output: text }),
  fc.record({ result: json }),
  fc.record({ error: text }),
  object,
);
const responsePart = withExtra(
  fc.record({
    functionResponse: withExtra(
      some(
        {
          id: name,
          name,
          response,
          parts: fc.array(fc.record({ inlineData: blob }), { minLength: 1, maxLength: 2 }),
          scheduling: fc.constant('SILENT'),
        },
        ['name', 'response'],
      ),
    ),
  }),
);
const opaquePart = fc.constantFrom<JsonObject>(
  { executableCode: { language: 'PYTHON', code: 'print(1)' }, thoughtSignature: 'AAEC' },
  { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
);
const user = withExtra(
  fc.record({
    role: fc.constant('user'),
    parts: fc.array(fc.oneof(textPart, mediaPart, filePart, responsePart) as fc.Arbitrary<JsonObject>, {
      maxLength: 3,
    }),
  }),
);
const model = withExtra(
  fc.record({
    role: fc.constant('model'),
    parts: fc.array(
      fc.oneof(
        textPart,
        thoughtPart,
        lateSignature,
        callPart,
        mediaPart,
        opaquePart,
      ) as fc.Arbitrary<JsonObject>,
      { maxLength: 4 },
    ),
  }),
);
const ownSchema = fc.constantFrom<JsonObject>(
  { type: 'OBJECT', properties: { city: { type: 'STRING', nullable: true } }, propertyOrdering: ['city'] },
  {
    type: 'OBJECT',
    properties: { size: { type: 'INTEGER', format: 'int32', minimum: 1 } },
    required: ['size'],
  },
);
const declaration = fc.oneof(
  withExtra(some({ name, description: text, parametersJsonSchema: schema }, ['name'])),
  withExtra(
    some({ name, description: text, parameters: ownSchema, response: ownSchema }, ['name', 'parameters']),
  ),
);
const googleTool = fc.constantFrom<JsonObject>(
  { googleSearch: {} },
  { codeExecution: {} },
  { urlContext: {} },
);
const tools = fc
  .tuple(fc.array(declaration, { maxLength: 3 }), fc.array(googleTool, { maxLength: 2 }), fc.boolean())
  .map(([declarations, own, first]): JsonObject[] => {
    if (declarations.length === 0) return own;
    const functions: JsonObject = { functionDeclarations: declarations };
    return first ? [functions, ...own] : [...own, functions];
  });
const calling = fc.oneof(
  fc.record({ mode: fc.constantFrom('AUTO', 'ANY', 'NONE', 'VALIDATED') }),
  fc.record({
    mode: fc.constantFrom('ANY', 'VALIDATED'),
    allowedFunctionNames: fc.array(name, { minLength: 1, maxLength: 3 }),
  }),
);
const toolConfig = withExtra(
  some(
    { functionCallingConfig: withExtra(calling), retrievalConfig: fc.constant({ languageCode: 'de' }) },
    [],
  ),
).filter((one) => Object.keys(one).length > 0);
const thinkingConfig = withExtra(
  fc.oneof(
    some({ thinkingBudget: fc.constantFrom(-1, 0, 128, 24_576), includeThoughts: fc.boolean() }, []),
    some(
      {
        thinkingLevel: fc.constantFrom('MINIMAL', 'LOW', 'MEDIUM', 'HIGH'),
        includeThoughts: fc.boolean(),
      },
      ['thinkingLevel'],
    ),
  ),
);
const output = fc.oneof(
  fc.constantFrom<JsonObject>(
    {},
    { responseMimeType: 'text/plain' },
    { responseMimeType: 'application/json' },
    { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a', 'b'] } },
  ),
  ownSchema.map((one) => ({ responseMimeType: 'application/json', responseSchema: one })),
  schema.map((one) => ({ responseMimeType: 'application/json', responseJsonSchema: one })),
);
const logprobs = fc.constantFrom({}, { responseLogprobs: true }, { responseLogprobs: true, logprobs: 3 });
const generationConfig = fc
  .tuple(
    withExtra(
      some(
        {
          temperature: number,
          topP: number,
          topK: fc.nat(100),
          maxOutputTokens: fc.nat(100_000),
          stopSequences: fc.array(text, { maxLength: 6 }),
          candidateCount: fc.integer({ min: 1, max: 8 }),
          seed: fc.integer(),
          presencePenalty: number,
          frequencyPenalty: number,
          responseModalities: fc.constant(['TEXT', 'IMAGE']),
          speechConfig: fc.constant({ voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } }),
          mediaResolution: fc.constant('MEDIA_RESOLUTION_LOW'),
          thinkingConfig,
        },
        [],
      ),
    ),
    output,
    logprobs,
  )
  .map((members): JsonObject => Object.assign({}, ...members))
  .filter((one) => Object.keys(one).length > 0);

export const geminiRequest: fc.Arbitrary<JsonObject> = withExtra(
  some(
    {
      contents: fc.array(fc.oneof(user, model), { maxLength: 6 }),
      systemInstruction: withExtra(
        some({ role: fc.constant('system'), parts: fc.array(textPart, { minLength: 1, maxLength: 2 }) }, [
          'parts',
        ]),
      ),
      tools,
      toolConfig,
      generationConfig,
      safetySettings: fc.constant([{ category: 'HARM_CATEGORY_HATE_SPEECH', threshold: 'BLOCK_ONLY_HIGH' }]),
      cachedContent: fc.constant('cachedContents/abc'),
      labels: fc.dictionary(name, text, { maxKeys: 2, noNullPrototype: true }),
      serviceTier: fc.constantFrom('flex', 'standard', 'priority'),
    },
    ['contents'],
  ),
).map((body) => JSON.parse(JSON.stringify(body)) as JsonObject);
