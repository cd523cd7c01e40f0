import type { CanonicalRequest, JsonObject } from '@headgate/sdk';
import { spelled } from '../shared/google-spelling.js';
import { extraOf, optString, optStringMap, stringOr } from '../shared/read-json.js';
import { decodeContents } from './contents-decode.js';
import { decodeGeneration } from './generation-decode.js';
import { decodeToolConfig, decodeTools } from './tools.js';
import { GEMINI, OTHER_REQUEST_KEYS, REQUEST_KEYS } from './types.js';

const KEYS = new Set([...REQUEST_KEYS, ...OTHER_REQUEST_KEYS]);

/** The model, and whether the answer is streamed, stand in the path: the gateway fills them in. */
export function decodeRequest(raw: JsonObject): CanonicalRequest {
  const body = spelled(raw, KEYS);
  const request: CanonicalRequest = {
    origin: GEMINI,
    model: stringOr(body['model'], '').replace(/^models\//, ''),
    messages: decodeContents(body),
    sampling: {},
    stream: false,
  };
  const set = <K extends keyof CanonicalRequest>(key: K, value: CanonicalRequest[K] | undefined): void => {
    if (value !== undefined) request[key] = value;
  };
  const generation = decodeGeneration(body, request);
  const { choice, rest } = decodeToolConfig(body);
  set('tools', decodeTools(body));
  set('toolChoice', choice);
  set('metadata', optStringMap(body, 'labels', ''));
  set('serviceTier', optString(body, 'serviceTier', ''));
  const extra: JsonObject = extraOf(body, REQUEST_KEYS) ?? {};
  if (generation !== undefined) extra['generationConfig'] = generation;
  if (rest !== undefined) extra['toolConfig'] = rest;
  if (Object.keys(extra).length > 0) request.extra = extra;
  return request;
}
