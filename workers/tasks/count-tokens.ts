import type { TaskTypes } from '../protocol.js';
import { encodingOf } from '../tokens/encoding-of.js';
import { loadTokenizer } from '../tokens/tokenizer.js';

type Types = TaskTypes['countTokens'];

/** Counts a text's tokens in this thread, loading the model's table first. */
export async function countTokens({ model, text }: Types['payload']): Promise<Types['result']> {
  const { encoding, factor } = encodingOf(model);
  const count = await loadTokenizer(encoding);
  return Math.ceil(count(text) * factor);
}
