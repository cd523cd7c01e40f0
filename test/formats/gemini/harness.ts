import type {
  CanonicalRequest,
  EncodeContext,
  Framing,
  JsonObject,
  StreamEvent,
  WireFormat,
} from '@headgate/sdk';
import { anthropicMessages } from '../../../plugins/formats/anthropic-messages/index.js';
import { gemini, geminiCountTokens } from '../../../plugins/formats/gemini/index.js';
import { openaiChat } from '../../../plugins/formats/openai-chat/index.js';

export const FORMATS: Record<string, WireFormat> = {
  gemini,
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
  'gemini-count-tokens': geminiCountTokens,
};
export const OTHERS = ['openai-chat', 'anthropic-messages'] as const;

function format(id: string): WireFormat {
  const found = FORMATS[id];
  if (found === undefined) throw new Error(`no format ${id}`);
  return found;
}

/** The body as it would be on the wire, and what was warned about, as `field: why`. */
export function encode(
  to: string,
  request: CanonicalRequest,
  context: Partial<EncodeContext> = {},
): { body: JsonObject; warnings: string[] } {
  const warnings: string[] = [];
  const body = format(to).request!.encode(request, {
    model: request.model,
    ...context,
    warn: (field, why) => warnings.push(`${field}: ${why}`),
  });
  return { body: JSON.parse(JSON.stringify(body)) as JsonObject, warnings };
}

export function translate(
  from: string,
  to: string,
  body: JsonObject,
  context: Partial<EncodeContext> = {},
): { body: JsonObject; warnings: string[] } {
  return encode(to, format(from).request!.decode(body), context);
}

export function translateAnswer(from: string, to: string, body: JsonObject): JsonObject {
  const encoded = format(to).response!.encode(format(from).response!.decode(body));
  return JSON.parse(JSON.stringify(encoded)) as JsonObject;
}

export function decodeStream(from: string, events: readonly string[]): StreamEvent[] {
  const decoder = format(from).stream!.decoder();
  const out: StreamEvent[] = [];
  const emit = (event: StreamEvent): void => void out.push(event);
  for (const data of events) decoder.push('', data, emit);
  decoder.end(emit);
  return out;
}

export function encodeStream(to: string, events: Iterable<StreamEvent>, framing?: Framing): string {
  const encoder = format(to).stream!.encoder({
    requestId: 'req_1',
    includeUsage: true,
    ...(framing && { framing }),
  });
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

/** A value with all names of its members in snake_case, but for free-form objects. */
export function snake(value: unknown, freeForm: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => snake(one, freeForm));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.startsWith('x_') ? key : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      freeForm.has(key) || key.startsWith('x_') ? one : snake(one, freeForm),
    ]),
  );
}
