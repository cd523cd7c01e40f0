import { type HeaderList, headerOf } from '@headgate/sdk';
import type { ForwardPath } from '../forward/forward-path.js';
import type { IoThread } from '../io-thread.js';
import { RequestBody } from './request-body.js';
import { type BodySource, StreamedBody } from './streamed-body.js';

/** Most of a JSON body that is held of a request of which nothing needs to be read: so it can be sent again. */
const HELD_BYTES = 4 * 1024 * 1024;

/**
 * Room for the body of a request that is only forwarded: JSON of a client API is gathered, since it may name a model and
 * can be sent again when it is; everything else passes as it comes.
 */
export function openBody(
  io: IoThread,
  path: ForwardPath,
  headers: HeaderList,
  source: BodySource,
): RequestBody {
  const { bodyLimitBytes, uploadLimitBytes } = io.runtime.config.server;
  const declared = headerOf(headers, 'content-length');
  const length = declared === undefined ? null : Number(declared);
  const empty = length === 0 || (length === null && headerOf(headers, 'transfer-encoding') === undefined);
  if (empty || gathers(path, headers, length)) return new RequestBody(bodyLimitBytes);
  return new StreamedBody(uploadLimitBytes, length, source);
}

function gathers(path: ForwardPath, headers: HeaderList, length: number | null): boolean {
  if (!(headerOf(headers, 'content-type') ?? '').includes('json')) return false;
  // Google's clients say so of every piece of a file.
  if (headerOf(headers, 'x-goog-upload-command')?.includes('upload') === true) return false;
  return path.api !== null || (length !== null && length <= HELD_BYTES);
}
