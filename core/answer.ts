import {
  type CanonicalResponse,
  type Reply,
  type StreamCodec,
  type StreamEncodeOptions,
  unfoldResponse,
} from '@headgate/sdk';
import { answerHeaders } from './answer-headers.js';
import { gatewayError } from './errors.js';
import type { Exchange } from './exchange.js';
import { answerBytes, failWith } from './fail.js';
import { cleanHeaders, headerText } from './header-text.js';
import { answeredHere } from './kept/answer-id.js';
import { echoOf } from './kept/conversation.js';
import { clientFraming, streamType } from './relay/framing.js';
import { Outgoing } from './relay/outgoing.js';

/** Gives the client what a gate replied, in the shape of the client's API and streamed if it asked for that. */
export function answerWithReply(x: Exchange, reply: Reply): void {
  if (x.answered) return;
  switch (reply.type) {
    case 'error':
      failWith(x, reply.error, reply.headers === undefined ? null : cleanHeaders(reply.headers));
      return;
    case 'raw':
      if (reply.headers.length > 0)
        x.addHeaders(reply.headers.filter((_, i) => !isContentType(reply.headers, i)));
      answerBytes(x, reply.status, answerHeaders(x, contentTypeOf(reply.headers), null), reply.body);
      return;
    case 'answer':
      if (reply.headers !== undefined) x.addHeaders(reply.headers);
      x.usage = reply.response.usage;
      answerCanonical(x, reply.response);
  }
}

/** A whole answer in the hub, written in the client's format. */
export function answerCanonical(x: Exchange, given: CanonicalResponse): void {
  const response = answeredHere(x, given);
  const { response: whole, stream } = x.endpoint.format;
  if (whole === undefined || (x.stream && stream === undefined)) {
    throw gatewayError('operation_unsupported', { model: x.model, operation: x.endpoint.format.operation });
  }
  if (!x.stream || stream === undefined) {
    answerBytes(
      x,
      200,
      answerHeaders(x, 'application/json', null),
      JSON.stringify(whole.encode(response, echoOf(x))),
    );
    return;
  }
  answerBytes(x, 200, answerHeaders(x, streamType(x), null), streamed(x, stream, response));
}

/** A whole answer written as the stream it would have been. */
export function streamed(x: Exchange, stream: StreamCodec, response: CanonicalResponse): string | Uint8Array {
  const encoder = stream.encoder(encoderOptions(x));
  const out = new Outgoing();
  for (const event of unfoldResponse(response)) out.add(encoder.push(event));
  return out.take();
}

/** What an encoder of the client's format must know. */
export function encoderOptions(x: Exchange): StreamEncodeOptions {
  const echo = echoOf(x);
  const options = { requestId: x.id, includeUsage: includeUsage(x), framing: clientFraming(x) };
  return echo === undefined ? options : { ...options, echo };
}

/** Whether the client's stream carries usage: its format has no switch for it, or the client has set it already. */
function includeUsage(x: Exchange): boolean {
  const { format } = x.endpoint;
  return format.meterEdit === undefined || format.meterEdit(x) === undefined;
}

function isContentType(headers: readonly string[], i: number): boolean {
  return headers[i - (i % 2)] === 'content-type';
}

function contentTypeOf(headers: readonly string[]): string {
  const at = headers.indexOf('content-type');
  return at >= 0 && at % 2 === 0 ? headerText(headers[at + 1] ?? 'text/plain') : 'text/plain';
}
