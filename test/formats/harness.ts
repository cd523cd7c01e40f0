import type { EncodeContext, JsonObject, StreamEvent, WireFormat } from '@headgate/sdk';
import { formats } from '../../plugins/formats/index.js';

/** The format of that id; the tests name formats as the configuration does. */
export function format(id: string): WireFormat {
  const found = formats.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no format ${id}`);
  return found;
}

export const CHAT_FORMATS = ['openai-chat', 'anthropic-messages', 'openai-completions'] as const;

/** Encodes through the hub and tells what was warned about, as `field: why`. */
export function translate(
  from: string,
  to: string,
  body: JsonObject,
  context: Partial<EncodeContext> = {},
): { body: JsonObject; warnings: string[] } {
  const warnings: string[] = [];
  const canonical = format(from).request!.decode(body);
  const encoded = format(to).request!.encode(canonical, {
    model: canonical.model,
    ...context,
    warn: (field, why) => warnings.push(`${field}: ${why}`),
  });
  return { body: JSON.parse(JSON.stringify(encoded)) as JsonObject, warnings };
}

/** Decodes the data of a stream's events, and its end, to hub events. */
export function decodeStream(from: string, events: string[]): StreamEvent[] {
  const decoder = format(from).stream!.decoder();
  const out: StreamEvent[] = [];
  const emit = (event: StreamEvent): void => void out.push(event);
  for (const data of events) decoder.push('', data, emit);
  decoder.end(emit);
  return out;
}

export function encodeStream(to: string, events: Iterable<StreamEvent>, includeUsage = true): string {
  const encoder = format(to).stream!.encoder({ requestId: 'req_1', includeUsage });
  let text = '';
  for (const event of events) text += encoder.push(event);
  return text;
}

/** The data of each event of SSE text, in the simple form the encoders write. */
export function sseData(text: string): string[] {
  return text
    .split('\n\n')
    .map((event) => event.split('\n').find((line) => line.startsWith('data: ')))
    .filter((line) => line !== undefined)
    .map((line) => line.slice('data: '.length));
}
