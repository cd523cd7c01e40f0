import type { EncodeContext, JsonObject, StreamEvent, WireFormat } from '@headgate/sdk';
import { EventStreamReader } from '../../../core/wire/aws-eventstream.js';
import { bedrockConverse } from '../../../plugins/formats/bedrock-converse/index.js';
import { format } from '../harness.js';

export const bedrock = bedrockConverse;

function byId(id: string): WireFormat {
  return id === bedrock.id ? bedrock : format(id);
}

export const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0';

/** Encodes through the hub and tells what was warned about, as `field: why`. */
export function translate(
  from: string,
  to: string,
  body: JsonObject,
  context: Partial<EncodeContext> = {},
): { body: JsonObject; warnings: string[] } {
  const warnings: string[] = [];
  const canonical = byId(from).request!.decode(body);
  const encoded = byId(to).request!.encode(canonical, {
    model: 'm',
    ...context,
    warn: (field, why) => warnings.push(`${field}: ${why}`),
  });
  return { body: JSON.parse(JSON.stringify(encoded)) as JsonObject, warnings };
}

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
