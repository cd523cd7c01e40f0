import type { JsonObject } from '@headgate/sdk';
import { isObject } from '../json-object.js';

/** How much of an error's body is told. */
const MOST_OF_ERROR = 4096;

/** What came of a request. */
export interface ApiAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Lower case, without parameters; '' when there is none. */
  readonly type: string;
  readonly body: Buffer;
}

/** An answer as the result of a tool. What is no success is the tool's own failure, with its status. */
export function resultOf({ status, statusText, type, body }: ApiAnswer): JsonObject {
  const head = `HTTP ${status}${statusText === '' ? '' : ` ${statusText}`}`;
  if (status < 200 || status > 299) {
    const why = isText(type) ? body.subarray(0, MOST_OF_ERROR).toString('utf8').trim() : '';
    const more = body.length > MOST_OF_ERROR ? `\n[${body.length - MOST_OF_ERROR} more bytes]` : '';
    const to = status >= 300 && status < 400 ? ' (a redirect, which is not followed)' : '';
    return {
      content: [{ type: 'text', text: `${head}${to}${why === '' ? '' : `\n${why}${more}`}` }],
      isError: true,
    };
  }
  if (body.length === 0) return { content: [{ type: 'text', text: head }] };
  if (/\bjson$/.test(type)) {
    const text = body.toString('utf8');
    const value = parsed(text);
    return { content: [{ type: 'text', text }], ...(isObject(value) && { structuredContent: value }) };
  }
  if (isText(type)) return { content: [{ type: 'text', text: body.toString('utf8') }] };
  const data = body.toString('base64');
  if (type.startsWith('image/')) return { content: [{ type: 'image', data, mimeType: type }] };
  if (type.startsWith('audio/')) return { content: [{ type: 'audio', data, mimeType: type }] };
  return {
    content: [{ type: 'resource', resource: { uri: 'headgate:answer', mimeType: type, blob: data } }],
  };
}

/** What says nothing of itself is taken for one. */
function isText(type: string): boolean {
  return (
    type === '' ||
    type.startsWith('text/') ||
    /\b(json|xml|yaml|javascript|x-www-form-urlencoded)$/.test(type)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
