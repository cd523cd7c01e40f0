import type { ScannedFields, ServiceTier, WireFormat } from '@headgate/sdk';
import { bedrockError } from '../shared/bedrock-error.js';
import { scannedJson } from '../shared/scanned-field.js';
import { serviceTierNamed } from '../shared/service-tier.js';
import { bedrockMeter } from './meter.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { bedrockResponse } from './response.js';
import { BedrockStreamDecoder } from './stream-decode.js';
import { BedrockStreamEncoder } from './stream-encode.js';
import { BEDROCK_CONVERSE } from './types.js';

export { bedrockCountTokens } from './count-tokens.js';

function maxOutputTokens(fields: ScannedFields): number | undefined {
  const inference = scannedJson(fields.json('inferenceConfig'));
  if (typeof inference !== 'object' || inference === null) return undefined;
  const cap = (inference as Record<string, unknown>)['maxTokens'];
  return typeof cap === 'number' && Number.isSafeInteger(cap) && cap >= 0 ? cap : undefined;
}

/** `{ "type": "priority" }` */
function serviceTier(fields: ScannedFields): ServiceTier | undefined {
  const asked = scannedJson(fields.json('serviceTier'));
  if (typeof asked !== 'object' || asked === null || !('type' in asked)) return undefined;
  return typeof asked.type === 'string' ? serviceTierNamed(asked.type) : undefined;
}

/**
 * `POST /model/{modelId}/converse` and `/converse-stream`,
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. Its streams always carry usage.
 */
export const bedrockConverse: WireFormat = {
  id: BEDROCK_CONVERSE,
  operation: 'chat',
  modelIn: 'path',
  framing: 'aws-eventstream',
  streamType: 'application/vnd.amazon.eventstream',
  requestIdHeader: 'x-amzn-requestid',
  request: { decode: decodeRequest, encode: encodeRequest },
  response: bedrockResponse,
  stream: {
    decoder: () => new BedrockStreamDecoder(),
    encoder: (options) => new BedrockStreamEncoder(options),
  },
  error: bedrockError,
  meter: bedrockMeter,
  answerWords: { finish: ['stopReason'], calls: ['toolUse'] },
  fields: ['inferenceConfig', 'serviceTier'],
  maxOutputTokens,
  serviceTier,
};
