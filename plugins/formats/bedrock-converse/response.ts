import type { CanonicalResponse, Choice, JsonObject, JsonValue, ResponseCodec } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import * as read from '../shared/read-json.js';
import { decodeBlocks } from './blocks-decode.js';
import { type BlockContext, encodeInto } from './blocks-encode.js';
import { DocumentNames } from './media-encode.js';
import { modelTraits } from './model-traits.js';
import { ToolIds } from './tool-ids.js';
import { BEDROCK_CONVERSE, finishOf, SERVICE_TIERS, stopReason } from './types.js';
import { bedrockUsage, bedrockUsageFrom, hasBedrockCounts, usageExtra } from './usage.js';

const RESPONSE_KEYS = new Set(['output', 'stopReason', 'usage', 'serviceTier']);

/** Which stop string was hit: a field of the model's own, as whole answers and as streams of Claude name it. */
export function stopSequenceOf(fields: JsonValue | undefined): string | undefined {
  if (!read.isObject(fields)) return undefined;
  const { delta } = fields;
  const found = read.isObject(delta) ? delta['stop_sequence'] : fields['stop_sequence'];
  return typeof found === 'string' ? found : undefined;
}

/** The model that a prompt router chose, the only one an answer names. */
export function routedModel(trace: JsonValue | undefined): string {
  const router = read.isObject(trace) ? trace['promptRouter'] : undefined;
  return read.isObject(router) ? read.stringOr(router['invokedModelId'], '') : '';
}

function decode(body: JsonObject): CanonicalResponse {
  const output = read.needObject(body, 'output', '');
  const message = read.needObject(output, 'message', 'output');
  const raw = read.optString(body, 'stopReason', '');
  const choice: Choice = {
    index: 0,
    parts: decodeBlocks(read.needArray(message, 'content', 'output.message'), 'output.message.content'),
    finish: raw === undefined ? null : finishOf(raw),
  };
  if (raw !== undefined) choice.finishRaw = raw;
  const stopped = stopSequenceOf(body['additionalModelResponseFields']);
  if (stopped !== undefined) choice.stopSequence = stopped;
  const usage = body['usage'];
  const counted = read.isObject(usage) && hasBedrockCounts(usage);
  const extra: JsonObject = { ...read.extraOf(body, RESPONSE_KEYS) };
  const kept = counted ? usageExtra(usage) : undefined;
  if (kept !== undefined) extra['usage'] = kept;
  if (Object.keys(extra).length > 0) choice.extra = extra;
  const response: CanonicalResponse = {
    origin: BEDROCK_CONVERSE,
    id: '',
    model: routedModel(body['trace']),
    created: Math.floor(Date.now() / 1000),
    choices: [choice],
    usage: counted ? bedrockUsageFrom(usage, body['serviceTier']) : null,
  };
  const tier = body['serviceTier'];
  if (read.isObject(tier) && typeof tier['type'] === 'string') response.serviceTier = tier['type'];
  return response;
}

/** Nothing is warned about in answers: what this format cannot say is left out. */
const silent = (): void => {};

/** No answer takes that long: the provider's clock, which says when it began, is wrong. */
const ABSURD_MS = 3_600_000;

/** Time since the provider began its answer, which is to the second, as the hub knows it; 0 where nobody can tell. */
function latency(response: CanonicalResponse): JsonObject {
  const elapsed = Date.now() - response.created * 1000;
  return { latencyMs: elapsed > 0 && elapsed < ABSURD_MS ? elapsed : 0 };
}

function encode(response: CanonicalResponse): JsonObject {
  const same = response.origin === BEDROCK_CONVERSE;
  const choice = response.choices[0];
  const { usage: raw, ...extra } = (same ? choice?.extra : undefined) ?? {};
  // Ids are the provider's own: they come back in the next request, where they must be found again.
  const context: BlockContext = {
    same,
    answer: true,
    warn: silent,
    ids: new ToolIds(true),
    names: new DocumentNames(),
    traits: modelTraits(''),
  };
  const content: JsonObject[] = [];
  let called = false;
  for (const part of choice?.parts ?? []) {
    called ||= part.type === 'tool-call';
    encodeInto(content, part, context);
  }
  const finish = choice?.finish ?? 'stop';
  const body: JsonObject = {
    ...extra,
    output: { message: { role: 'assistant', content } },
    stopReason: stopReason(finish, choice?.finishRaw, same, called),
    usage: bedrockUsage(response.usage ?? emptyUsage(), raw),
  };
  if (!same) {
    body['metrics'] = latency(response);
    if (choice?.stopSequence !== undefined)
      body['additionalModelResponseFields'] = { stop_sequence: choice.stopSequence };
  }
  const tier = response.serviceTier;
  if (tier !== undefined && (same || SERVICE_TIERS.has(tier))) body['serviceTier'] = { type: tier };
  return body;
}

export const bedrockResponse: ResponseCodec = { decode, encode };
