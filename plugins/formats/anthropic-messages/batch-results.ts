import type { BatchResults } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { anthropicUsageFrom, hasAnthropicCounts } from './usage.js';

const RESULTS = /^messages\/batches\/([^/?]+)\/results$/;

/**
 * https://docs.anthropic.com/en/api/retrieving-message-batch-results: a line for each request, with the whole message
 * where it succeeded. The others (`errored`, `canceled`, `expired`) are not charged.
 */
export const batchResults: BatchResults = {
  batchOf: (path) => RESULTS.exec(path)?.[1] ?? null,
  usage(line) {
    const parsed = tryParse(line);
    const result = isObject(parsed) ? parsed['result'] : undefined;
    const message = isObject(result) && result['type'] === 'succeeded' ? result['message'] : undefined;
    if (!isObject(message)) return null;
    const { model, usage: raw } = message;
    if (typeof model !== 'string' || !isObject(raw) || !hasAnthropicCounts(raw)) return null;
    const usage = anthropicUsageFrom(raw);
    usage.serviceTier = 'batch';
    return { model, usage };
  },
};
