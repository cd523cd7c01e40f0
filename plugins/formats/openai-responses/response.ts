import type { CanonicalResponse, Choice, JsonObject, JsonValue, ResponseCodec } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { answerUsage } from '../shared/responses-usage.js';
import { responsesErrorFrom } from './error.js';
import { ItemIds, responseId } from './ids.js';
import { decodeOutput } from './output-decode.js';
import { encodeOutput } from './output-encode.js';
import { responseObject } from './response-object.js';
import { finishOf, OPENAI_RESPONSES, RESPONSE_KEYS, type Status, statusOf } from './types.js';
import { hasResponsesCounts, USAGE_KEYS } from './usage.js';

/** What a `response` object says about its own end. */
export function readStatus(body: JsonObject): Status {
  const details = body['incomplete_details'];
  const reason = read.isObject(details) && typeof details['reason'] === 'string' ? details['reason'] : null;
  return { status: read.stringOr(body['status'], reason === null ? 'completed' : 'incomplete'), reason };
}

/** The members of a `response` object that the hub has no name for, those of its usage under `usage`. */
export function extraOfResponse(body: JsonObject): JsonObject | undefined {
  const extra = read.extraOf(body, RESPONSE_KEYS);
  const usage = body['usage'];
  const rest = read.isObject(usage) ? read.extraOf(usage, USAGE_KEYS) : undefined;
  return rest === undefined ? extra : { ...extra, usage: rest };
}

function decode(body: JsonObject): CanonicalResponse {
  const status = readStatus(body);
  // One that failed is no answer, whether or not it says why.
  if (read.isObject(body['error']) || status.status === 'failed') {
    const { message } = responsesErrorFrom(read.isObject(body['error']) ? body['error'] : {});
    throw new MalformedBody(`the provider failed: ${message}`, 'error');
  }
  const logprobs: JsonValue[] = [];
  const parts = decodeOutput(read.needArray(body, 'output', ''), logprobs);
  const { finish, raw } = finishOf(
    status,
    parts.some((part) => part.type === 'tool-call'),
  );
  const choice: Choice = { index: 0, parts, finish, finishRaw: raw };
  if (logprobs.length > 0) choice.logprobs = { content: logprobs };
  const usage = body['usage'];
  const response: CanonicalResponse = {
    origin: OPENAI_RESPONSES,
    id: read.stringOr(body['id'], ''),
    model: read.stringOr(body['model'], ''),
    created: read.numberOr(body['created_at'], Math.floor(Date.now() / 1000)),
    choices: [choice],
    usage: read.isObject(usage) && hasResponsesCounts(usage) ? answerUsage(usage, body) : null,
  };
  if (typeof body['service_tier'] === 'string') response.serviceTier = body['service_tier'];
  const extra = extraOfResponse(body);
  if (extra !== undefined) response.extra = extra;
  return response;
}

const NO_CHOICE: Choice = { index: 0, parts: [], finish: 'stop' };

/** This API gives one answer a request: the first choice. */
function encode(response: CanonicalResponse, echo?: JsonObject): JsonObject {
  const same = response.origin === OPENAI_RESPONSES;
  const id = responseId(response.id, same);
  const choice = response.choices[0] ?? NO_CHOICE;
  const status = statusOf(choice.finish, choice.finishRaw, same);
  const output = encodeOutput(choice, status.status === 'incomplete', { same, ids: new ItemIds(id) });
  const head = {
    id,
    created: response.created,
    model: response.model,
    same,
    extra: response.extra,
    serviceTier: response.serviceTier,
    echo,
  };
  return responseObject(head, status, output, response.usage, null);
}

export const openaiResponsesResponse: ResponseCodec = { decode, encode };
