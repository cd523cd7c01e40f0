import type { TakenBodies, TakenBody } from '../../observe/bodies/body-settings.js';
import type { BodyRedactor } from './body-redactor.js';
import type { KeptBodies, KeptBody } from './kept-bodies.js';

/** Most at the end of a text that was cut that may be half of something. */
const MOST_HALF = 512;
/** What a secret may be made of: where a text was cut within, its beginning looks like nothing. */
const HALF = /[\w.~+/=%:@-]/;

/** What is kept of a request and its answer, without what must not be. */
export function keptOf(from: TakenBodies, redactor: BodyRedactor): KeptBodies {
  const { method, path, query, headers, status, keyId } = from;
  const address = redactor.noting(() => ({ path: redactor.text(path), query: redactor.query(query) }));
  const request = sideOf(from.request, redactor);
  return {
    method,
    ...address.kept,
    headers,
    status,
    keyId,
    request: address.redacted ? { ...request, redacted: true } : request,
    answer: sideOf(from.answer, redactor),
  };
}

/** Bytes of memory that it takes until it is written. */
export function sizeOf({ request, answer }: TakenBodies): number {
  return (request.text?.length ?? 0) + (answer.text?.length ?? 0) + 1024;
}

function sideOf({ text, type, bytes, whole }: TakenBody, redactor: BodyRedactor): KeptBody {
  if (text === null) return { type, bytes, truncated: bytes > 0, whole, redacted: false, text: null };
  const truncated = !whole && text.length < bytes;
  // No database holds a NUL in a text, and JSON writes one otherwise.
  const read = Buffer.from(text).toString().replaceAll('\0', '');
  const sure = truncated && redactor.hides ? withoutHalf(read) : read;
  const { kept, redacted } = redactor.noting(() => (sure === '' ? '' : redactor.of(sure)));
  return { type, bytes, truncated, whole, redacted, text: kept };
}

/** Without what may be the beginning of a secret; a long text of such signs alone, such as an image, keeps most of itself. */
function withoutHalf(text: string): string {
  const least = Math.max(0, text.length - MOST_HALF);
  let end = text.length;
  while (end > least && HALF.test(text[end - 1] as string)) end--;
  return text.slice(0, end);
}
