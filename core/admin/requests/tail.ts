import { headerOf } from '@headgate/sdk';
import type { ControlAnswer } from '../../control.js';
import { canonicalError } from '../../errors.js';
import { arrivalOf } from '../../request-ids.js';
import type { Ledger } from '../../store/ledger.js';
import type { SearchFilter } from '../../store/requests/search-query.js';
import { callerOf } from '../authenticate.js';
import type { ByteStreams } from '../byte-stream.js';
import { may } from '../caller.js';
import { BadParameter } from '../parameters.js';
import { type AdminRequest, refused } from '../route.js';
import type { AdminParts } from '../routes.js';
import { requestJson } from './request-json.js';
import { withinOf } from './request-pages.js';
import { readRequestAsk } from './request-query.js';

/** Connections of which nothing is heard for long are cut on the way. */
const HEARTBEAT_MS = 15_000;
/** How often it is looked whether the caller may still see what it sees. */
const CHECK_MS = 1_000;

const HEADERS = [
  ...['content-type', 'text/event-stream', 'cache-control', 'no-store'],
  // nginx would keep events until it has a page full of them.
  ...['x-accel-buffering', 'no'],
];

/** `GET /api/requests/tail`: requests as they settle, as Server-Sent Events. */
export async function tailRequests(
  parts: AdminParts,
  streams: ByteStreams,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const { filter, given } = readRequestAsk(request.query, withinOf(request));
  for (const name of ['from', 'to', 'time_zone'])
    if (given.has(name))
      throw new BadParameter(name, `"${name}" is for what has been: a tail has what comes`);
  const since = headerOf(request.headers, 'last-event-id') || null;
  if (since !== null && arrivalOf(since) === null)
    throw new BadParameter('last-event-id', 'the header "last-event-id" must be the id of an event');
  if (request.method === 'HEAD') return { status: 200, headers: [...HEADERS], body: '' };
  const begun = await parts.ledger.requests('tailBegin', { filter, since });
  if (begun === null) return refused(canonicalError('too_many_streams', { why: 'too many listen already' }));
  const listener = { id: begun.id, request, filter };
  return streams.answer(
    200,
    [...HEADERS],
    (left) => events(parts, listener, left),
    () => end(parts.ledger, begun.id),
  );
}

const OF_BODIES = '"q" looks at what records say, not at bodies, which are kept later';

interface Listener {
  readonly id: string;
  readonly request: AdminRequest;
  readonly filter: SearchFilter;
}

async function* events(
  parts: AdminParts,
  { id, request, filter }: Listener,
  left: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const seen = JSON.stringify(filter.within);
  let checked = Date.now();
  let spoke = checked;
  try {
    yield bytes(`: requests as they settle${filter.text === '' ? '' : `; ${OF_BODIES}`}\n\n`);
    while (!left.aborted) {
      const news = await parts.ledger.requests('tailNext', { id, waitMs: CHECK_MS });
      const now = Date.now();
      if (now - checked >= CHECK_MS || now < checked) {
        checked = now;
        // Before anything more is told.
        const why = await over(parts, request, seen);
        if (why !== null) {
          yield bytes(event('ended', { why }));
          return;
        }
      }
      let text = news.records
        .map((record) => `id: ${record.id}\ndata: ${JSON.stringify(requestJson(record))}\n\n`)
        .join('');
      if (news.left > 0) text += event('left_out', { requests: news.left });
      if (text === '' && Math.abs(now - spoke) < HEARTBEAT_MS) continue;
      spoke = now;
      yield bytes(text || ': nothing new\n\n');
    }
  } finally {
    end(parts.ledger, id);
  }
}

/** Why the caller gets no more; null when it does. */
async function over(parts: AdminParts, request: AdminRequest, seen: string): Promise<string | null> {
  const caller = await callerOf(request, parts);
  if (caller.kind === 'nobody') return 'the credential is no longer good';
  if (!may(caller, 'requests:read')) return 'the caller may no longer see requests';
  return JSON.stringify(withinOf({ caller })) === seen ? null : 'the caller may see others than before';
}

function end(ledger: Ledger, id: string): void {
  // A ledger that is gone has no listeners.
  ledger.requests('tailEnd', { id }).catch(() => {});
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
