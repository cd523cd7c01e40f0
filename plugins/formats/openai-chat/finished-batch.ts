import type { FinishedBatch } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { count, isObject } from '../shared/read-json.js';
import { responsesUsageFrom } from '../shared/responses-usage.js';

const BATCH = /"object"\s*:\s*"batch"/;
/** A batch's description is short. */
const LONGEST = 65_536;

/** https://platform.openai.com/docs/api-reference/batch/object; it tells usage and model once it is done. */
export function finishedBatch(answer: Buffer): FinishedBatch | null {
  const text = answer.length > LONGEST ? '' : answer.toString('utf8');
  const batch = BATCH.test(text) ? tryParse(text) : undefined;
  if (!isObject(batch) || !isObject(batch['usage'])) return null;
  const { id, model, status } = batch;
  if (typeof id !== 'string' || typeof model !== 'string') return null;
  // One that ended before its end has used something too.
  if (!['completed', 'cancelled', 'expired', 'failed'].includes(String(status))) return null;
  const usage = responsesUsageFrom(batch['usage'], 'batch');
  const counts = batch['request_counts'];
  const answered = isObject(counts) ? count(counts['completed']) : 0;
  if (answered > 1) usage.requests = answered;
  return usage.inputTokens + usage.outputTokens === 0 ? null : { id, model, usage };
}
