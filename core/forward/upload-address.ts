import { type AttemptRecord, type HeaderList, headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Forward } from './forward.js';
import { uploadId } from './object-ids.js';
import { ownOrigin } from './own-origin.js';

const HEADER = 'x-goog-upload-url';

/** An answer's headers in which an upload goes on at the gateway, and when it is known there. */
export interface OwnUpload {
  readonly headers: HeaderList;
  readonly known: Promise<void>;
}

/**
 * Google's uploads are begun with one request and go on at the address that its answer names,
 * https://ai.google.dev/api/files#method:-media.upload. That is made one of the gateway's: clients send their own key there, and
 * whose the file is that comes of it would not be known otherwise. Null for any other answer.
 */
export function ownUpload(x: Exchange, headers: HeaderList): OwnUpload | null {
  const text = headerOf(headers, HEADER);
  const { path } = x.forward as Forward;
  const origin = text === undefined || path.api !== 'gemini' ? null : ownOrigin(x);
  if (text === undefined || origin === null || !URL.canParse(text)) return null;
  const url = new URL(text);
  const id = url.searchParams.get('upload_id');
  if (id === null || url.origin !== x.target?.provider.origin) return null;
  const { provider, key } = x.attempts.at(-1) as AttemptRecord;
  const holder = x.principal?.id;
  const owner = { provider, key, ...(holder !== undefined && { holder }) };
  const known = x.io.objects.remember([uploadId(id)], owner, true) ?? Promise.resolve();
  const ours = `${origin}${path.base}${url.pathname}${url.search}`;
  return {
    known,
    headers: headers.map((value, i) => (i % 2 === 1 && headers[i - 1] === HEADER ? ours : value)),
  };
}
