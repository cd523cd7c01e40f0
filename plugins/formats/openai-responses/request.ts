import type { RequestCodec } from '@headgate/sdk';
import { decodeRequest } from './request-decode.js';
import { encodeRequest } from './request-encode.js';

export const openaiResponsesRequest: RequestCodec = { decode: decodeRequest, encode: encodeRequest };
