import type { JsonObject, StreamEvent } from '@headgate/sdk';
import { EventStreamReader } from '../../../core/wire/aws-eventstream.js';
import { bedrockConverse } from '../../../plugins/formats/bedrock-converse/index.js';
import { MODELS } from '../harness.js';

export const bedrock = bedrockConverse;

export const CLAUDE = MODELS['bedrock-converse'];

/** A stream's messages as the reader of the wire tells them. */
export function messagesOf(bytes: Uint8Array): [string, JsonObject][] {
  const events: [string, JsonObject][] = [];
  const reader = new EventStreamReader((event, data) => events.push([event, JSON.parse(data) as JsonObject]));
  reader.push(bytes);
  reader.end();
  return events;
}

export function encodeStream(events: Iterable<StreamEvent>): Buffer {
  const encoder = bedrock.stream!.encoder({ requestId: 'req_1', includeUsage: true });
  return Buffer.concat([...events].map((event) => Buffer.from(encoder.push(event))));
}

/** Decodes messages, and the end of the stream, to hub events. */
export function decodeStream(messages: readonly [string, unknown][]): StreamEvent[] {
  const decoder = bedrock.stream!.decoder();
  const out: StreamEvent[] = [];
  const emit = (event: StreamEvent): void => void out.push(event);
  for (const [event, data] of messages) decoder.push(event, JSON.stringify(data), emit);
  decoder.end(emit);
  return out;
}
