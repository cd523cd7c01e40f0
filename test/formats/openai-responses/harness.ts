import type { EncodeContext, JsonObject, StreamEvent, WireFormat } from '@headgate/sdk';
import { formats } from '../../../plugins/formats/index.js';
import { openaiResponses } from '../../../plugins/formats/openai-responses/index.js';

/** The formats that answers and requests are translated from and to in these tests. */
export const FORMATS = [
  'openai-responses',
  'openai-chat',
  'anthropic-messages',
  'openai-completions',
] as const;
export const OTHERS = ['openai-chat', 'anthropic-messages', 'openai-completions'] as const;

export function format(id: string): WireFormat {
  const found = id === openaiResponses.id ? openaiResponses : formats.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no format ${id}`);
  return found;
}

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

export function encodeStream(to: string, events: Iterable<StreamEvent>): string {
  const encoder = format(to).stream!.encoder({ requestId: 'req_1', includeUsage: true });
  let text = '';
  for (const event of events) text += encoder.push(event) as string;
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

/** The events of SSE text of this format, parsed. */
export function sseEvents(text: string): JsonObject[] {
  return sseData(text).map((data) => JSON.parse(data) as JsonObject);
}
