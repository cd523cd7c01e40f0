import type { JsonObject, Part, ToolResult } from '@headgate/sdk';

/** What a model, and a client, is told of a call. */
export interface CallResult {
  readonly parts: Part[];
  /** The texts among them. */
  readonly text: string;
  readonly failed: boolean;
}

/** A result as the model is told it, at most so many bytes of it; what is cut off is said. */
export function callResult(result: ToolResult, limit: number): CallResult {
  const parts = result.content.flatMap(partOf);
  if (parts.length === 0 && result.structuredContent !== undefined)
    parts.push(textPart(JSON.stringify(result.structuredContent)));
  return cut(parts, result.isError === true, limit);
}

/** What the model is told of a call that the gateway has made itself. */
export function told(text: string): CallResult {
  return { parts: [textPart(text)], text, failed: false };
}

/** What the model is told of a call that came to no result. */
export function failedCall(why: string): CallResult {
  return { parts: [textPart(why)], text: why, failed: true };
}

function textPart(text: string): Part {
  return { type: 'text', text };
}

const texts = (value: unknown): string => (typeof value === 'string' ? value : '');

function partOf(block: JsonObject): Part[] {
  switch (block['type']) {
    case 'text':
      return [textPart(texts(block['text']))];
    case 'image':
      return [
        {
          type: 'image',
          source: { kind: 'base64', mediaType: texts(block['mimeType']), data: texts(block['data']) },
        },
      ];
    case 'resource': {
      const resource = (block['resource'] ?? {}) as JsonObject;
      const uri = texts(resource['uri']);
      return [textPart(texts(resource['text']) || `[The resource ${uri} is no text.]`)];
    }
    case 'resource_link':
      return [textPart(`[Resource ${texts(block['name'])}: ${texts(block['uri'])}]`)];
  }
  return [
    textPart(`[Something of the type ${texts(block['type']) || 'unknown'}, which cannot be shown here.]`),
  ];
}

function cut(parts: readonly Part[], failed: boolean, limit: number): CallResult {
  let left = limit;
  const kept: Part[] = [];
  for (const part of parts) {
    if (part.type === 'text') {
      const bytes = Buffer.from(part.text);
      if (bytes.length <= left) kept.push(part);
      else {
        // A character that the cut goes through is left out.
        const head = new TextDecoder().decode(bytes.subarray(0, left)).replace(/\uFFFD+$/, '');
        kept.push(textPart(`${head}\n[${bytes.length - left} more bytes of ${bytes.length} are cut off.]`));
      }
      left = Math.max(0, left - bytes.length);
    } else if (part.type === 'image' && part.source.kind === 'base64') {
      const { length } = part.source.data;
      if (length <= left) kept.push(part);
      else kept.push(textPart(`[A picture of ${length} bytes is left out.]`));
      left = Math.max(0, left - length);
    } else kept.push(part);
  }
  if (kept.length === 0) kept.push(textPart(failed ? 'It failed.' : 'Done.'));
  const text = kept.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
  return { parts: kept, text, failed };
}
