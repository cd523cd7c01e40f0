import type { EncodeContext, HeaderList, JsonObject, UpstreamRequest } from '@headgate/sdk';
import { canonicalOf } from '../canonical-of.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { MODEL_FIELD } from '../route/endpoint.js';
import type { CompiledTarget, Speech } from '../route/target.js';
import type { FieldSpans } from '../wire/json-spans.js';
import { type Edit, insertField, renameField, replaceValue, splice } from '../wire/json-splice.js';

/** A request written for a target. */
export interface Encoded {
  body: Buffer;
  /** Usage was asked for that the client did not ask for: the relay takes it out again. */
  strip: boolean;
}

/**
 * Stage 10. Writes the request for one attempt, always from the untouched original: the same bytes with a spliced field
 * or two when the target speaks the client's format, the codec's words when it does not or a hook changed the request.
 */
export function encode(x: Exchange, target: CompiledTarget, speech: Speech): Encoded {
  return speech.same && !x.edited ? spliced(x, target) : translated(x, target, speech);
}

function spliced(x: Exchange, target: CompiledTarget): Encoded {
  const spans = x.spans as FieldSpans;
  const { format, fields } = x.endpoint;
  const edits: Edit[] = [replaceValue(spans, MODEL_FIELD, target.modelBytes)];
  const renames = target.provider.row.renames[format.id];
  if (renames !== undefined) {
    for (const [from, to] of Object.entries(renames)) {
      const field = fields.names.indexOf(from);
      if (field < 0 || !spans.has(field)) continue;
      // With both names there, renaming would make one field twice: let the provider say what it thinks of that.
      if (!spans.has(fields.names.indexOf(to))) edits.push(renameField(spans, field, to));
    }
  }
  const asked = x.stream && target.provider.row.streamUsage === 'option' ? format.meterEdit?.(x) : undefined;
  if (asked !== undefined) {
    const field = fields.names.indexOf(asked.field);
    if (field >= 0 && spans.has(field)) edits.push(replaceValue(spans, field, Buffer.from(asked.json)));
    else edits.push(insertField(spans, asked.field, asked.json));
  }
  if (edits.length > 1) edits.sort((a, b) => a.start - b.start);
  return { body: splice(x.incoming.body.bytes, edits), strip: asked !== undefined };
}

function translated(x: Exchange, target: CompiledTarget, speech: Speech): Encoded {
  const { codec, format, same } = speech;
  if (codec === null)
    throw gatewayError('operation_unsupported', { model: x.model, operation: format.operation });
  const dropped: string[] = [];
  const context: EncodeContext = {
    model: target.model,
    maxOutputTokens:
      x.runtime.prices.info(target.provider.priceId, target.model)?.maxOutputTokens ?? undefined,
    warn: (field) => {
      if (!dropped.includes(field)) dropped.push(field);
    },
  };
  const request = canonicalOf(x);
  const askUsage = request.stream && target.provider.row.streamUsage === 'option';
  // Only a stream has options of a stream: providers refuse them elsewhere, whatever they say.
  const body = codec.encode(request.stream ? { ...request, streamUsage: askUsage } : request, context);
  // A provider that sends usage by itself refuses to be asked for it.
  if (!askUsage && target.provider.row.streamUsage === 'always') delete body.stream_options;
  rename(body, target.provider.row.renames[format.id]);
  x.dropped = dropped.length === 0 ? null : dropped;
  return { body: Buffer.from(JSON.stringify(body)), strip: same && askUsage && request.streamUsage !== true };
}

function rename(body: JsonObject, renames: Record<string, string> | undefined): void {
  for (const [from, to] of Object.entries(renames ?? {})) {
    if (!(from in body) || to in body) continue;
    body[to] = body[from];
    delete body[from];
  }
}

/** Client headers that mean something to a provider of the same format. */
const forwarded = new Set([
  'anthropic-beta',
  'anthropic-version',
  'openai-beta',
  'idempotency-key',
  'http-referer',
  'x-title',
]);

/** The request as it will leave, without credentials that depend on it. */
export function upstreamRequest(
  x: Exchange,
  fixed: HeaderList,
  speech: Speech,
  body: Buffer,
): UpstreamRequest {
  return { method: 'POST', path: speech.path, headers: withClientHeaders(x, fixed, speech.same), body };
}

function withClientHeaders(x: Exchange, fixed: HeaderList, same: boolean): HeaderList {
  let headers = fixed;
  const from = x.incoming.headers;
  for (let i = 0; i < from.length; i += 2) {
    const name = from[i] as string;
    const passes = (same && forwarded.has(name)) || name === 'traceparent' || name === 'tracestate';
    if (!passes) continue;
    const at = headers.indexOf(name);
    if (headers === fixed) headers = [...fixed];
    if (at >= 0 && at % 2 === 0) headers[at + 1] = from[i + 1] as string;
    else headers.push(name, from[i + 1] as string);
  }
  return headers;
}
