import type { WireFormat } from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { scannedString } from '../shared/scanned-field.js';
import { embeddingsMeter } from './meter.js';

/** `POST /v1/embeddings`, https://platform.openai.com/docs/api-reference/embeddings. Forwarded as bytes only. */
export const openaiEmbeddings: WireFormat = {
  id: 'openai-embeddings',
  operation: 'embedding',
  requestIdHeader: 'x-request-id',
  error: openaiError,
  meter: embeddingsMeter,
  fields: ['user'],
  user: (fields) => scannedString(fields.json('user')),
};
