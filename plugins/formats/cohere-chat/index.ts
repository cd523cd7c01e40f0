import type { WireFormat } from '@headgate/sdk';
import { cohereError } from '../shared/cohere-error.js';
import { scannedInteger } from '../shared/scanned-field.js';
import { forwardedUnits } from './forwarded-units.js';
import { cohereMeter } from './meter.js';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';
import { cohereResponse } from './response.js';
import { CohereStreamDecoder } from './stream-decode.js';
import { CohereStreamEncoder } from './stream-encode.js';
import { COHERE_CHAT } from './types.js';

/** `POST /v2/chat`, https://docs.cohere.com/reference/chat. Its streams always carry usage. */
export const cohereChat: WireFormat = {
  id: COHERE_CHAT,
  operation: 'chat',
  requestIdHeader: 'x-request-id',
  request: { decode: decodeRequest, encode: encodeRequest },
  response: cohereResponse,
  stream: {
    decoder: () => new CohereStreamDecoder(),
    encoder: (options) => new CohereStreamEncoder(options),
  },
  error: cohereError,
  meter: cohereMeter,
  answerWords: { finish: ['finish_reason'], calls: ['function'] },
  fields: ['max_tokens'],
  maxOutputTokens: (fields) => scannedInteger(fields.json('max_tokens')),
  forwardedUnits,
};
