import type { CanonicalRequest, EncodeContext, HeaderList, RequestCodec } from '@headgate/sdk';
import { canonicalOf, taskOf } from '../canonical-of.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { type Conversation, keepsAnswers } from '../kept/conversation.js';
import { withOwnTrace } from '../own-trace.js';
import { withClientQuery } from '../route/client-query.js';
import { MODEL_FIELD } from '../route/endpoint.js';
import { editFields, type FieldEdits } from '../route/field-edits.js';
import type { Speech } from '../route/speech.js';
import type { CompiledTarget } from '../route/target.js';
import { encodeTask } from '../task/encode-task.js';
import type { DividedRequest } from '../upstream/divided-call.js';
import { removeFields } from '../wire/json-remove.js';
import type { FieldSpans } from '../wire/json-spans.js';
import { type Edit, insertField, renameField, replaceValue, splice } from '../wire/json-splice.js';

/** A request written for a target. */
export interface Encoded {
  body: Buffer;
  /** Usage was asked for that the client did not ask for: the relay takes it out again. */
  strip: boolean;
  /** The other parts, where the provider takes fewer inputs at a time than were asked for. */
  rest?: readonly Buffer[];
}

/**
 * Stage 10. Writes the request for one attempt, always from the untouched original: the same bytes with a spliced field
 * or two when the target speaks the client's format, the codec's words when it does not or a hook changed the request.
 */
export function encode(x: Exchange, target: CompiledTarget, speech: Speech): Encoded {
  x.dropped = null;
  x.parts = null;
  x.conversation?.meets(target, speech);
  return speech.same && !x.edited && x.conversation?.kept !== true && !carriesForeignSeal(x)
    ? spliced(x, target)
    : translated(x, target, speech);
}

/** A conversation that another provider's model has taken part in holds reasoning that this format's own cannot read. */
function carriesForeignSeal({ endpoint, incoming }: Exchange): boolean {
  return endpoint.foreignSeals?.some((seal) => incoming.body.bytes.includes(seal)) === true;
}

function spliced(x: Exchange, target: CompiledTarget): Encoded {
  const spans = x.spans as FieldSpans;
  const { format, fields } = x.endpoint;
  const wanted = target.provider.edits.get(format.id);
  const edits: Edit[] = [];
  if (format.modelIn !== 'path' && wanted?.remove.includes('model') !== true)
    edits.push(replaceValue(spans, MODEL_FIELD, target.modelBytes));
  const empty = wanted === undefined ? spans.empty : addEdits(x, wanted, edits);
  const asked = x.stream && target.provider.row.streamUsage === 'option' ? format.meterEdit?.(x) : undefined;
  if (asked !== undefined) {
    const field = fields.names.indexOf(asked.field);
    if (field >= 0 && spans.has(field)) edits.push(replaceValue(spans, field, Buffer.from(asked.json)));
    else edits.push(insertField(spans, asked.field, asked.json, empty));
  }
  if (edits.length > 1) edits.sort((a, b) => a.start - b.start);
  return { body: splice(x.incoming.body.bytes, edits), strip: asked !== undefined };
}

/** What the provider wants changed. True when the object has no member then. */
function addEdits(x: Exchange, { renames, set, remove }: FieldEdits, edits: Edit[]): boolean {
  const spans = x.spans as FieldSpans;
  const { names } = x.endpoint.fields;
  for (const [from, to] of renames) {
    const field = names.indexOf(from);
    if (field < 0 || !spans.has(field)) continue;
    // With both names there, renaming would make one field twice: let the provider say what it thinks of that.
    if (!spans.has(names.indexOf(to))) edits.push(renameField(spans, field, to));
  }
  let empty = spans.empty;
  const unwanted = remove.map((name) => names.indexOf(name)).filter((field) => spans.has(field));
  if (unwanted.length > 0) {
    const removal = removeFields(x.incoming.body.bytes, spans, unwanted);
    edits.push(...removal.edits);
    empty = removal.emptied;
  }
  for (const { field, json } of set) {
    if (spans.has(names.indexOf(field)) && !remove.includes(field)) continue;
    edits.push(insertField(spans, field, json, empty));
    empty = false;
  }
  return empty;
}

function translated(x: Exchange, target: CompiledTarget, speech: Speech): Encoded {
  const { codec, format, same } = speech;
  if (codec === null && format.task === undefined)
    throw gatewayError('operation_unsupported', { model: x.model, operation: format.operation });
  const dropped: string[] = [];
  const context: EncodeContext = {
    model: target.model,
    maxOutputTokens: x.runtime.prices.info(target.provider.id, target.model)?.maxOutputTokens ?? undefined,
    fullOpenai: target.provider.row.fullOpenai,
    warn: (field) => {
      if (!dropped.includes(field)) dropped.push(field);
    },
  };
  const task = taskOf(x);
  if (task !== null) {
    const [body, ...rest] = encodeTask(x, task, target, speech, context);
    x.dropped = dropped.length === 0 ? null : dropped;
    return { body: body as Buffer, strip: false, ...(rest.length > 0 && { rest }) };
  }
  const request =
    x.conversation?.kept === true ? withoutState(canonicalOf(x), x.conversation) : canonicalOf(x);
  const askUsage = request.stream && target.provider.row.streamUsage === 'option';
  // Only a stream has options of a stream: providers refuse them elsewhere, whatever they say.
  const body = (codec as RequestCodec).encode(
    request.stream ? { ...request, streamUsage: askUsage } : request,
    context,
  );
  // A provider that sends usage by itself refuses to be asked for it.
  if (!askUsage && target.provider.row.streamUsage === 'always') delete body.stream_options;
  // Nobody but the gateway is to keep what it keeps itself.
  if (same && x.conversation?.kept === true && keepsAnswers(target, format.id)) body['store'] = false;
  const wanted = target.provider.edits.get(format.id);
  if (wanted !== undefined) editFields(body, wanted);
  x.dropped = dropped.length === 0 ? null : dropped;
  return { body: Buffer.from(JSON.stringify(body)), strip: same && askUsage && request.streamUsage !== true };
}

/** What the gateway does itself is not said to a provider that could not do it. */
function withoutState(request: CanonicalRequest, { state }: Conversation): CanonicalRequest {
  if (request.extra === undefined) return request;
  const extra = { ...request.extra };
  for (const field of state.fields) delete extra[field];
  return { ...request, extra };
}

/** Client headers that mean something to a provider of the same format, with Anthropic's (`anthropic-beta`, …). */
const forwarded = new Set(['openai-beta', 'idempotency-key', 'http-referer', 'x-title']);

/** The request as it will leave, without credentials that depend on it. */
export function upstreamRequest(
  x: Exchange,
  fixed: HeaderList,
  speech: Speech,
  { body, rest }: Encoded,
): DividedRequest {
  const { query } = x.incoming;
  const usual = x.stream ? speech.path.streamed : speech.path.whole;
  const path = query === '' || !speech.same ? usual : withClientQuery(usual, query);
  const word = x.runtime.config.observability.traceHeaders;
  const clients = withClientHeaders(x, fixed, speech.same, word !== 'off');
  const headers = word === 'own' ? withOwnTrace(x, clients) : clients;
  const request = { method: 'POST', path, headers, body };
  return rest === undefined
    ? request
    : { ...request, rest: rest.map((part) => ({ ...request, body: part })) };
}

function withClientHeaders(x: Exchange, fixed: HeaderList, same: boolean, trace: boolean): HeaderList {
  let headers = fixed;
  const from = x.incoming.headers;
  for (let i = 0; i < from.length; i += 2) {
    const name = from[i] as string;
    const passes =
      (same && (forwarded.has(name) || name.startsWith('anthropic-'))) ||
      (trace && (name === 'traceparent' || name === 'tracestate'));
    if (!passes) continue;
    const at = headers.indexOf(name);
    if (headers === fixed) headers = [...fixed];
    if (at >= 0 && at % 2 === 0) headers[at + 1] = from[i + 1] as string;
    else headers.push(name, from[i + 1] as string);
  }
  return headers;
}
