import type { EncodeContext, JsonObject, StreamEvent, WireFormat } from '@headgate/sdk';

/** As in `harness.ts`, for formats given themselves instead of by their ids. */
export function translateWith(
  from: WireFormat,
  to: WireFormat,
  body: JsonObject,
  context: Partial<EncodeContext> = {},
): { body: JsonObject; warnings: string[] } {
  const warnings: string[] = [];
  const canonical = from.request!.decode(body);
  const encoded = to.request!.encode(canonical, {
    model: canonical.model,
    ...context,
    warn: (field, why) => warnings.push(`${field}: ${why}`),
  });
  return { body: JSON.parse(JSON.stringify(encoded)) as JsonObject, warnings };
}

/** Decodes the pieces of a stream, and its end, to hub events. */
export function decodeWith(from: WireFormat, pieces: string[]): StreamEvent[] {
  const decoder = from.stream!.decoder();
  const out: StreamEvent[] = [];
  const emit = (event: StreamEvent): void => void out.push(event);
  for (const data of pieces) decoder.push('', data, emit);
  decoder.end(emit);
  return out;
}

export function encodeWith(to: WireFormat, events: Iterable<StreamEvent>): string {
  const encoder = to.stream!.encoder({ requestId: 'req_1', includeUsage: true });
  let text = '';
  for (const event of events) text += encoder.push(event) as string;
  return text;
}

/** The pieces of a stream as this format frames it, in the simple form the encoders write. */
export function piecesOf(format: WireFormat, text: string): string[] {
  if (format.framing === 'ndjson') return text.split('\n').filter((line) => line !== '');
  return text
    .split('\n\n')
    .map((event) => event.split('\n').find((line) => line.startsWith('data: ')))
    .filter((line) => line !== undefined)
    .map((line) => line.slice('data: '.length));
}

/** The order that the hub guarantees; throws where a decoder broke it. */
export function checkOrder(events: StreamEvent[]): void {
  const open = new Set<string>();
  const seen = new Map<number, number>();
  let last = '';
  events.forEach((event, i) => {
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
    if (event.type === 'finish' && open.size > 0) throw new Error('a part is open at the finish');
  });
  if (last !== 'end' && last !== 'error') throw new Error(`the last event is ${last}`);
}
