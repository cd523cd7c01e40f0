import type {
  CanonicalResponse,
  EncodeContext,
  Framing,
  JsonObject,
  StreamEvent,
  WireFormat,
} from '@headgate/sdk';
import { EventStreamReader } from '../../core/wire/aws-eventstream.js';
import { formats } from '../../plugins/formats/index.js';

/** The formats of requests for an answer: every one is spoken by clients and by providers. */
export const MATRIX = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere-chat',
  'ollama-chat',
  'ollama-generate',
  'openai-completions',
] as const;
export type FormatId = (typeof MATRIX)[number];

/** The model each target is asked for: what an encoder sends depends on it. */
export const MODELS: Record<FormatId, string> = {
  'openai-chat': 'gpt-4o',
  'openai-responses': 'gpt-5',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
  'bedrock-converse': 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'cohere-chat': 'command-a-reasoning-08-2025',
  'ollama-chat': 'qwen3',
  'ollama-generate': 'qwen3',
  'openai-completions': 'gpt-3.5-turbo-instruct',
};

/** The format of that id; the tests name formats as the configuration does. */
export function format(id: string): WireFormat {
  const found = formats.find((one) => one.id === id);
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

/** An answer as the format has it on the wire. */
export function written(id: string, response: CanonicalResponse): JsonObject {
  return JSON.parse(JSON.stringify(format(id).response!.encode(response))) as JsonObject;
}

export function translateAnswer(from: string, to: string, body: JsonObject): JsonObject {
  return written(to, format(from).response!.decode(structuredClone(body)));
}

/** Decodes the pieces of a stream, and its end, to hub events. */
export function decodeStream(from: string, pieces: readonly string[]): StreamEvent[] {
  const decoder = format(from).stream!.decoder();
  const out: StreamEvent[] = [];
  const emit = (event: StreamEvent): void => void out.push(event);
  for (const data of pieces) decoder.push('', data, emit);
  decoder.end(emit);
  return out;
}

/** AWS's messages are written as text: the type, a tab, the payload, a line each. */
export function encodeStream(
  to: string,
  events: Iterable<StreamEvent>,
  { includeUsage = true, framing }: { includeUsage?: boolean; framing?: Framing } = {},
): string {
  const encoder = format(to).stream!.encoder({
    requestId: 'req_1',
    includeUsage,
    ...(framing && { framing }),
  });
  let text = '';
  for (const event of events) {
    const piece = encoder.push(event);
    text += typeof piece === 'string' ? piece : messageLines(piece);
  }
  return text;
}

export function messageLines(bytes: Uint8Array): string {
  let text = '';
  const reader = new EventStreamReader((event, data) => {
    text += `${event}\t${data}\n`;
  });
  reader.push(bytes);
  reader.end();
  return text;
}

/** The pieces of a stream that {@link encodeStream} wrote, as {@link decodeStream} reads them. */
export function piecesOf(id: string, text: string): string[] {
  const { framing } = format(id);
  const lines = (): string[] => text.split('\n').filter((line) => line !== '');
  if (framing === 'ndjson') return lines();
  if (framing !== 'aws-eventstream') return sseData(text);
  return lines().map((line) => {
    const [event, data] = line.split('\t') as [string, string];
    return `{${JSON.stringify(event.replace('exception:', ''))}:${data}}`;
  });
}

/** The data of each event of SSE text, in the simple form the encoders write. */
export function sseData(text: string): string[] {
  return text
    .split('\n\n')
    .map((event) => event.split('\n').find((line) => line.startsWith('data: ')))
    .filter((line) => line !== undefined)
    .map((line) => line.slice('data: '.length));
}

/** The events of SSE text, parsed. */
export function sseEvents(text: string): JsonObject[] {
  return sseData(text).map((data) => JSON.parse(data) as JsonObject);
}

/** The order that the hub guarantees; throws where a decoder broke it. */
export function checkOrder(events: StreamEvent[]): void {
  const open = new Set<string>();
  const seen = new Map<number, number>();
  let last = '';
  const told = events.filter(({ type }) => type !== 'ping');
  told.forEach((event, i) => {
    if (last === 'end' || last === 'error') throw new Error(`${event.type} after ${last}`);
    last = event.type;
    if (i === 0 && event.type !== 'start' && event.type !== 'error')
      throw new Error(`${event.type} comes first`);
    if (i > 0 && event.type === 'start') throw new Error('a second start');
    if (event.type === 'part-start' || event.type === 'part-whole') {
      if (event.part !== (seen.get(event.choice) ?? 0)) throw new Error(`part ${event.part} out of order`);
      seen.set(event.choice, event.part + 1);
    }
    if (event.type === 'part-start') open.add(`${event.choice}/${event.part}`);
    if (event.type === 'part-delta' && !open.has(`${event.choice}/${event.part}`))
      throw new Error('a delta of a closed part');
    if (event.type === 'part-end' && !open.delete(`${event.choice}/${event.part}`))
      throw new Error('an end of a closed part');
    if (event.type === 'finish' && [...open].some((one) => one.startsWith(`${event.choice}/`)))
      throw new Error('a part is open at the finish');
  });
  if (last !== 'end' && last !== 'error') throw new Error(`the last event is ${last}`);
}
