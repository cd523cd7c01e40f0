import { isMapping } from '../../config/definitions.js';
import { type GatewayError, gatewayError } from '../../errors.js';
import { StoreError } from '../../store/control/store-error.js';
import type { KeptRequest } from './kept-request.js';

type Json = Record<string, unknown>;

export interface Changes {
  /** Left out: the same. */
  readonly model?: string | undefined;
  /** Fields of the body; null takes one out. */
  readonly set?: Readonly<Json> | undefined;
}

/** What stands for something that was taken out, in what was kept by a version that did not say whether anything was. */
const HIDDEN = '***';

/**
 * The body of a kept request as it is asked again: with these changes, and so that its answer comes at once and whole.
 * Throws where it is not all there, or asking it again would do more than ask.
 */
export function replayedBody({ record, kept }: KeptRequest, { model, set = {} }: Changes): Json {
  if ('model' in set) throw new StoreError('entity_invalid', 'the model is given as "model", not in "set"');
  for (const name of ['stream', 'background'])
    if (name in set)
      throw new StoreError('entity_invalid', `a replay is answered at once and whole: leave out "${name}"`);
  // The id of a round begins with that of its run, and its body has the tools that a replay would get again.
  if (record.id.includes('.')) throw unfit(`it is a part of the request "${record.id.split('.')[0]}"`);
  const body: Json = { ...wholeBody(kept.request), ...set };
  if (model !== undefined) body['model'] = model;
  if (record.stream) {
    body['stream'] = false;
    delete body['stream_options'];
  }
  // Its answer would be fetched later by whoever made it.
  delete body['background'];
  for (const [name, value] of Object.entries(set)) if (value === null) delete body[name];
  if (body['conversation'] !== undefined && body['conversation'] !== null)
    throw unfit('it would add to its conversation; take that out with "set": {"conversation": null}');
  return body;
}

function wholeBody({ text, truncated, redacted }: KeptRequest['kept']['request']): Json {
  if (truncated) throw unfit('only its beginning was kept (observability.log_bodies.max_bytes)');
  if (text === null) throw unfit('nothing of its body may be kept');
  if (redacted ?? text.includes(HIDDEN)) throw unfit('something was taken out of it before it was kept');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  if (!isMapping(body)) throw unfit('its body is no JSON object');
  return body;
}

function unfit(why: string): GatewayError {
  return gatewayError('request_unusable', { why });
}
