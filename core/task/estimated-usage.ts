import { type EmbeddingInput, emptyUsage, type TaskRequest, type Usage } from '@headgate/sdk';
import { taskOf } from '../canonical-of.js';
import type { Exchange } from '../exchange.js';

/**
 * Some providers of embeddings say nothing of usage but charge for it (the Gemini API): their texts are counted here, by
 * the tokenizer on the worker pool. Null when there is nothing to count, or nothing to pay.
 */
export function estimatedUsage(x: Exchange): Promise<Usage | null> | null {
  const { target } = x;
  if (target === null || x.endpoint.format.task === undefined) return null;
  const price = x.runtime.prices.find(target.provider.id, target.model, x.receivedAt);
  if (price === null || price.free) return null;
  let task: TaskRequest | null = null;
  try {
    task = taskOf(x);
  } catch {
    // The provider has understood more of it than this gateway does.
  }
  if (task?.operation !== 'embedding') return null;
  const texts: string[] = [];
  let tokens = 0;
  for (const input of task.inputs) {
    if (input.type === 'tokens') tokens += input.tokens.length;
    else texts.push(...textsOf(input));
  }
  return x.io.control.countTokens(target.model, texts.join('\n')).then(
    (counted) => ({ ...emptyUsage(), inputTokens: tokens + counted }),
    () => null,
  );
}

function textsOf(input: EmbeddingInput): string[] {
  if (input.type === 'text') return [input.text];
  return input.type === 'mixed' ? input.parts.flatMap(textsOf) : [];
}
