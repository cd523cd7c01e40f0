import type { JsonValue } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Speech } from '../route/speech.js';

/** Where the APIs that are adapted say what is wrong; the first text that is there. */
const NAMES = [
  'message',
  'error',
  'detail',
  'details',
  'err_msg',
  'errors',
  'msg',
  'failure',
  'title',
  'name',
];

/** How errors are read of a provider whose API is its own: by the words that such APIs have in common. */
export function adaptedSpeech(x: Exchange): Speech {
  const { format } = x.endpoint;
  const decode = (status: number, body: string) => {
    const message = messageIn(body);
    return format.error.decode(status, message === '' ? '' : JSON.stringify({ error: { message } }));
  };
  return {
    format: { ...format, error: { ...format.error, decode } },
    path: { whole: '', streamed: '' },
    same: false,
    codec: null,
  };
}

/** `{"detail": [{"msg": "…"}]}`, `{"errors": ["…"]}`, `{"err_msg": "…"}`, `{"detail": {"message": "…"}}`, or plain text. */
export function messageIn(body: string): string {
  try {
    return textIn(JSON.parse(body) as JsonValue) ?? body;
  } catch {
    return body;
  }
}

function textIn(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value !== 'object' || value === null) return null;
  const inside = Array.isArray(value) ? value : NAMES.map((name) => value[name]);
  for (const one of inside) {
    const text = textIn(one);
    if (text !== null) return text;
  }
  return null;
}
