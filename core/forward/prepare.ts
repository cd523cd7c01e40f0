import type { UpstreamRequest } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { StreamedBody } from '../http/streamed-body.js';
import { renameModel } from '../realtime/model-in-message.js';
import { secretHeaders } from '../realtime/secret-headers.js';
import { MODEL_FIELD } from '../route/endpoint.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { CompiledTarget } from '../route/target.js';
import { replaceValue, splice } from '../wire/json-splice.js';
import type { Forward } from './forward.js';
import { forwardedHeaders } from './request-headers.js';
import { gathered, Upload, type UploadEvents } from './upload.js';
import { upstreamPath } from './upstream-path.js';

/** The request as it will leave for a target, without credentials that depend on it. */
export function prepare(
  x: Exchange,
  target: CompiledTarget,
  key: ProviderKey,
  events: UploadEvents,
): UpstreamRequest | Promise<UpstreamRequest> {
  const { path, form, secret } = x.forward as Forward;
  const { method, headers, query, body } = x.incoming;
  const request: UpstreamRequest = {
    method,
    path: upstreamPath(target.provider, path, target.model, query) ?? path.tail,
    headers: forwardedHeaders(headers, secret === null ? key.headers : secretHeaders(key, secret.value)),
    body: null,
  };
  if (!(body instanceof StreamedBody)) {
    request.body = body.bytes.length === 0 ? null : withModel(x, target);
    return request;
  }
  if (key.signsBody || target.provider.origin === '') {
    // A signature may be over the whole body, and what answers inside the process takes no streams.
    const limit = x.runtime.config.server.bodyLimitBytes;
    return gathered(body, form, target.model, limit).then((bytes) => ({ ...request, body: bytes }));
  }
  const upload = new Upload(body, form, target.model, events);
  const { length } = upload;
  if (length !== null) request.headers.push('content-length', String(length));
  request.upload = upload.open();
  return request;
}

/** The body's bytes, with the target's name where they have the public one. */
function withModel(x: Exchange, target: CompiledTarget): Buffer {
  const { bytes } = x.incoming.body;
  const { spans } = x;
  const { nested } = x.forward as Forward;
  const same = (x.forward as Forward).byModel ? target.model === x.model : true;
  if (!same && nested !== null) return renameModel(bytes, nested.place, nested.prefix + target.model);
  if (same || spans === null || !spans.has(MODEL_FIELD)) return bytes;
  return splice(bytes, [replaceValue(spans, MODEL_FIELD, target.modelBytes)]);
}
