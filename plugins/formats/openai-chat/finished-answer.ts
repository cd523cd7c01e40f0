import type { FinishedBatch } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { responsesUsageFrom } from '../shared/responses-usage.js';

const BACKGROUND = /"background"\s*:\s*true/;

/** https://platform.openai.com/docs/guides/background: an answer tells its usage when it has ended, however it did. */
export function finishedAnswer(answer: Buffer): FinishedBatch | null {
  const text = answer.toString('utf8');
  const parsed = BACKGROUND.test(text) ? tryParse(text) : undefined;
  // The last event of a stream has the answer in it.
  const response = isObject(parsed) && isObject(parsed['response']) ? parsed['response'] : parsed;
  if (!isObject(response) || response['object'] !== 'response' || response['background'] !== true)
    return null;
  const { id, model, status, usage: raw } = response;
  if (typeof id !== 'string' || typeof model !== 'string' || !isObject(raw)) return null;
  if (status === 'queued' || status === 'in_progress') return null;
  const usage = responsesUsageFrom(raw, response['service_tier']);
  return usage.inputTokens + usage.outputTokens === 0 ? null : { id, model, usage };
}
