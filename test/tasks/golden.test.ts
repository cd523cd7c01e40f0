import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject, TaskCodec, WireFormat } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { formats } from '../../plugins/formats/index.js';

/**
 * `golden/<format>.json` holds a full request of each client format and how it is written for every target, with what is
 * warned about. `UPDATE_GOLDEN=1` writes them anew; read the difference.
 */
const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));

const requests: Record<string, JsonObject> = {
  'openai-embeddings': {
    model: 'm',
    input: ['one', 'two'],
    dimensions: 256,
    encoding_format: 'base64',
    input_type: 'query',
    user: 'u1',
  },
  'cohere-embed': {
    model: 'm',
    texts: ['one', 'two'],
    input_type: 'classification',
    output_dimension: 256,
    embedding_types: ['float', 'int8'],
    truncate: 'START',
  },
  'gemini-batch-embed': {
    requests: ['one', 'two'].map((text) => ({
      model: 'models/m',
      content: { parts: [{ text }] },
      taskType: 'RETRIEVAL_DOCUMENT',
      title: 'T',
      outputDimensionality: 256,
    })),
  },
  'ollama-embed': { model: 'm', input: ['one', 'two'], truncate: false, keep_alive: '5m' },
  rerank: {
    model: 'm',
    query: 'q',
    documents: ['one', { title: 'two', body: 'three' }],
    top_n: 1,
    rank_fields: ['title'],
    return_documents: true,
    max_chunks_per_doc: 10,
  },
  'cohere-rerank': { model: 'm', query: 'q', documents: ['one', 'two'], top_n: 1, max_tokens_per_doc: 100 },
  'voyage-rerank': { model: 'm', query: 'q', documents: ['one', 'two'], top_k: 1, truncation: false },
};

const taskOf = (format: WireFormat): TaskCodec => format.task as TaskCodec;

describe.each(Object.entries(requests))('a request of %s', (id, body) => {
  it('is written for every target as the golden file says', () => {
    const own = formats.find((format) => format.id === id) as WireFormat;
    const decoded = taskOf(own).decodeRequest(structuredClone(body));
    const to: Record<string, unknown> = {};
    for (const target of formats.filter((one) => one.task && one.operation === own.operation)) {
      const warnings: string[] = [];
      const one = taskOf(target).maxInputs?.('titan') === 1 && decoded.operation === 'embedding';
      const part = one ? { ...decoded, inputs: decoded.inputs.slice(0, 1) } : decoded;
      const written = taskOf(target).encodeRequest(part, {
        model: 'titan',
        warn: (field, why) => warnings.push(`${field}: ${why}`),
      });
      to[target.id] = { body: written, warnings };
    }
    const path = `${ROOT}${id}.json`;
    const text = `${JSON.stringify({ request: body, to }, null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
    expect(existsSync(path), `golden file ${path} is missing`).toBe(true);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });
});
