import { createHash } from 'node:crypto';
import { type Json, Refused } from './json-value.js';

const WIDTH = 8;

/** A made-up vector that depends on the input alone: eight floats that 32 bits hold exactly. */
export function fakeVector(input: unknown): number[] {
  const digest = createHash('sha256').update(JSON.stringify(input)).digest();
  return Array.from({ length: WIDTH }, (_, i) => (digest[i] ?? 0) / 256 - 0.5);
}

const encoded = (vector: number[]): string => Buffer.from(new Float32Array(vector).buffer).toString('base64');

/** `/v1/embeddings`: a text, a list of texts, a list of tokens, or a list of lists of tokens. */
export function embeddings(request: Json): Json {
  const { input, model } = request;
  if (input === undefined || input === '' || (Array.isArray(input) && input.length === 0)) {
    throw new Refused(400, "'$.input' is invalid. Please check the API reference.", {
      param: null,
      code: null,
    });
  }
  const one = typeof input === 'string' || (Array.isArray(input) && typeof input[0] === 'number');
  const inputs: unknown[] = one ? [input] : (input as unknown[]);
  const tokens = inputs.reduce<number>((sum, each) => sum + Math.ceil(String(each).length / 4), 0);
  return {
    object: 'list',
    data: inputs.map((each, index) => {
      const vector = fakeVector(each);
      return {
        object: 'embedding',
        index,
        embedding: request['encoding_format'] === 'base64' ? encoded(vector) : vector,
      };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
