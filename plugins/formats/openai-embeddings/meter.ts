import type { Meter } from '@headgate/sdk';
import { openaiMeter } from '../shared/openai-meter.js';

/**
 * `usage.prompt_tokens` stands after all vectors, so only the end of a body of many megabytes is looked at. There are
 * no streams of embeddings; the contract's stream meter is that of the family.
 */
export const embeddingsMeter: Meter = { body: openaiMeter.body, stream: openaiMeter.stream };
