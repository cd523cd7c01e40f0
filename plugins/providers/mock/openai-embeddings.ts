import { createHash } from 'node:crypto';
import type { JsonValue } from '@headgate/sdk';
import { type Answer, Refusal } from './answer.js';
import { numberIn } from './fields.js';
import { openaiHeaders } from './openai-errors.js';
import { whole } from './pacing.js';
import type { Scene } from './scene.js';
import { countTokens } from './tokens.js';

/** Embeddings: https://platform.openai.com/docs/api-reference/embeddings. 1,536 dimensions unless asked otherwise. */
export function openaiEmbeddings(scene: Scene): Answer {
  const inputs = inputsOf(scene.body['input']);
  const dimensions = numberIn(scene.body, 'dimensions', 1, 4096) ?? 1536;
  const format = scene.body['encoding_format'] ?? 'float';
  if (format !== 'float' && format !== 'base64')
    throw new Refusal(
      400,
      "Invalid 'encoding_format': expected 'float' or 'base64'.",
      'encoding_format',
      'invalid_value',
    );
  const data = inputs.map(({ words }, index) => {
    const vector = embed(words, dimensions);
    const embedding: JsonValue =
      format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  const body = {
    object: 'list',
    data,
    model: scene.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
  return {
    status: 200,
    headers: ['content-type', 'application/json', ...openaiHeaders(scene.ids, 200)],
    delayMs: scene.script.delayMs,
    steps: whole(JSON.stringify(body), scene.script),
  };
}

function inputsOf(input: JsonValue | undefined): { words: string[]; tokens: number }[] {
  if (input === undefined)
    throw new Refusal(400, "Missing required parameter: 'input'.", 'input', 'missing_required_parameter');
  const list = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  if (list.length === 0 || list.length > 2048)
    throw new Refusal(400, "Invalid 'input': expected 1 to 2048 inputs.", 'input', 'invalid_value');
  return list.map((one) => {
    if (typeof one === 'string' && one !== '')
      return { words: one.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [one], tokens: countTokens(one) };
    if (Array.isArray(one) && one.length > 0 && one.every((token) => typeof token === 'number'))
      return { words: one.map(String), tokens: one.length };
    throw new Refusal(400, "'$.input' is invalid. Please check the API reference.", null, null);
  });
}

/**
 * A bag of hashed words, of length one: texts that share words point the same way, so that searches and semantic
 * caches have something true to find.
 */
function embed(words: readonly string[], dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of words) {
    const hash = createHash('sha256').update(word).digest();
    // Four places a word keep two different words from meeting by accident in small vectors.
    for (let i = 0; i < 4; i++) {
      const at = hash.readUInt32LE(i * 4) % dimensions;
      vector[at] = (vector[at] as number) + ((hash[16 + i] as number) & 1 ? 1 : -1);
    }
  }
  let length = Math.hypot(...vector);
  if (length === 0) {
    vector[0] = 1;
    length = 1;
  }
  for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) / length;
  return vector;
}
