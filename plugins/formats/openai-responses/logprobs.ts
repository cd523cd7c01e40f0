import type { JsonObject, JsonValue, Part } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import { marksOf } from './types.js';

/**
 * Log probabilities are `[{ token, bytes, logprob, top_logprobs }]` with each text. In the hub they are the choice's,
 * `{ content: […] }`, which is also how chat completions write them.
 */

/** Takes the log probabilities out of a decoded text; undefined when there are none. */
export function takeLogprobs(part: Part): JsonValue[] | undefined {
  const rest = marksOf(part).part;
  const logprobs = rest?.['logprobs'];
  if (rest === undefined || !Array.isArray(logprobs)) return undefined;
  delete rest['logprobs'];
  if (Object.keys(rest).length === 0) {
    const { part: _, ...others } = part.extra ?? {};
    if (Object.keys(others).length === 0) delete part.extra;
    else part.extra = others;
  }
  return logprobs.length === 0 ? undefined : logprobs;
}

/** The entries of the hub's log probabilities that are in this API's shape. */
export function entriesOf(logprobs: JsonValue | undefined): JsonObject[] {
  const content = isObject(logprobs) ? logprobs['content'] : undefined;
  if (!Array.isArray(content)) return [];
  return content.filter(isObject).filter((entry) => typeof entry['token'] === 'string');
}

/** Gives each text of an answer the entries of its own tokens. */
export class LogprobShare {
  private at = 0;

  constructor(private readonly entries: JsonObject[]) {}

  take(text: string): JsonObject[] {
    const from = this.at;
    let length = 0;
    while (length < text.length && this.at < this.entries.length) {
      const token = this.entries[this.at]?.['token'];
      if (typeof token === 'string') length += token.length;
      this.at++;
    }
    return this.entries.slice(from, this.at);
  }
}
