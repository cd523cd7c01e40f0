import {
  type EmbeddingRequest,
  emptyUsage,
  type JsonValue,
  MalformedBody,
  type RerankRequest,
  type TaskAnswer,
  type TaskCodec,
  type TaskRequest,
} from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../plugins/formats/index.js';
import { base64From, numbersFrom } from '../../plugins/formats/shared/vector-bytes.js';

/** Formats that clients speak; the others are targets only and read no request. */
const TARGETS_ONLY = new Set(['bedrock-embed', 'voyage-embeddings', 'jina-embeddings', 'tei-rerank']);
const tasks = formats.flatMap(({ id, task }) =>
  task === undefined ? [] : [{ id, task: task as TaskCodec }],
);
const spoken = tasks.filter(({ id }) => !TARGETS_ONLY.has(id));

const float32 = fc.float({ noNaN: true }).map((x) => Math.fround(x));
const text = fc.string({ minLength: 1, unit: 'grapheme' });

describe('floats in base64', () => {
  it('come back bit by bit, minus zero and infinity included', () => {
    fc.assert(
      fc.property(fc.array(float32), (numbers) => {
        const back = numbersFrom(base64From(numbers, 'float'), 'float');
        expect(back.map((x) => new DataView(new Float32Array([x]).buffer).getUint32(0))).toEqual(
          numbers.map((x) => new DataView(new Float32Array([x]).buffer).getUint32(0)),
        );
      }),
    );
  });

  it('are what OpenAI writes: the lowest byte first', () => {
    expect(base64From([1, -0.5], 'float')).toBe(
      Buffer.from([0, 0, 128, 63, 0, 0, 0, 191]).toString('base64'),
    );
  });

  it('of a length that no floats have are an error', () => {
    expect(() => numbersFrom('AAAAAAA=', 'float')).toThrow(MalformedBody);
  });
});

describe('other types in base64', () => {
  it.each([
    ['int8', -128, 127],
    ['binary', -128, 127],
    ['uint8', 0, 255],
    ['ubinary', 0, 255],
  ] as const)('%s come back as they were', (type, min, max) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max })), (numbers) => {
        expect(numbersFrom(base64From(numbers, type), type)).toEqual(numbers);
      }),
    );
  });
});

/** What all formats can say. */
const asked = (operation: TaskRequest['operation'], texts: string[]): TaskRequest => {
  const base = { origin: 'test', model: 'm' };
  if (operation === 'rerank')
    return { ...base, operation, query: 'q', documents: texts.map((one) => ({ text: one })) };
  return { ...base, operation, inputs: texts.map((one) => ({ type: 'text', text: one })), encodings: [] };
};

const single = (id: string): boolean => spoken.find((one) => one.id === id)?.task.maxInputs?.('m') === 1;

describe.each(spoken)('$id', ({ id, task }) => {
  const operation = formats.find((one) => one.id === id)?.operation as TaskRequest['operation'];

  it('reads the texts that it wrote', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: single(id) ? 1 : 5 }), (texts) => {
        const body = task.encodeRequest(asked(operation, texts), {
          model: id.includes('cohere') ? 'cohere' : 'titan',
          warn: () => {},
        });
        const back = task.decodeRequest(JSON.parse(JSON.stringify(body)) as typeof body);
        if (back.operation === 'rerank')
          expect((back as RerankRequest).documents).toEqual(texts.map((one) => ({ text: one })));
        else
          expect((back as EmbeddingRequest).inputs).toEqual(
            texts.map((one) => ({ type: 'text', text: one })),
          );
      }),
      { numRuns: 50 },
    );
  });

  it('reads the answer that it wrote, usage included', () => {
    const texts = single(id) ? ['a'] : ['a', 'b'];
    const request = asked(operation, texts);
    const usage = { ...emptyUsage(), inputTokens: 7 };
    const base = { origin: 'test', id: 'x', model: 'm', usage };
    const answer: TaskAnswer =
      operation === 'rerank'
        ? { ...base, operation, results: texts.map((_, index) => ({ index, score: 1 - index / 4 })) }
        : { ...base, operation: 'embedding', vectors: texts.map((_, i) => ({ float: [i, 0.5] })) };
    const json = JSON.parse(JSON.stringify(task.encodeAnswer(answer, request))) as JsonValue;
    const back = task.decodeAnswer(json, { request, header: () => undefined });
    if (back.operation === 'rerank') expect(back.results).toEqual((answer as typeof back).results);
    else expect(back.vectors).toEqual((answer as typeof back).vectors);
    const silent = ['ollama-embeddings', 'bedrock-cohere-embed', 'bedrock-rerank', 'cohere-rerank'];
    if (!silent.includes(id)) expect(back.usage?.inputTokens).toBe(7);
  });
});

describe.each(tasks)('malformed JSON for $id', ({ id, task }) => {
  const operation = formats.find((one) => one.id === id)?.operation as TaskRequest['operation'];
  const members = fc.constantFrom(
    'model',
    'input',
    'texts',
    'inputs',
    'query',
    'documents',
    'content',
    'requests',
    'instances',
    'inputText',
    'embedding_types',
    'top_n',
    'data',
    'results',
    'embeddings',
    'embedding',
    'predictions',
    'usage',
    'meta',
  );
  const body = fc.dictionary(members, fc.jsonValue({ maxDepth: 3 }));
  const onlyMalformed = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedBody);
    }
  };

  it('is a MalformedBody at worst', () => {
    const context = { request: asked(operation, ['a']), header: () => undefined };
    fc.assert(
      fc.property(body, (json) => {
        onlyMalformed(() => task.decodeRequest(json as Parameters<typeof task.decodeRequest>[0]));
        onlyMalformed(() => task.decodeAnswer(json as JsonValue, context));
      }),
      { numRuns: 200 },
    );
  });
});
