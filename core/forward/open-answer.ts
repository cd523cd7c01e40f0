import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Relay } from '../relay/relay.js';
import { inflating } from '../upstream/inflate.js';
import { BatchResultsAnswer, batchRead } from './batch-results.js';
import { HeadAnswer } from './head-answer.js';
import { JsonAnswer } from './json-answer.js';
import { LaterAnswer } from './later-answer.js';
import { PassedAnswer } from './passed-answer.js';
import { ReplayedAnswer } from './replayed-answer.js';
import { ownUpload } from './upload-address.js';

/** Statuses of answers that have no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * How the answer of a request that is only forwarded travels: JSON is held, to be metered and read for ids, as long as it
 * is small; everything else passes as it comes.
 */
export function openAnswer(x: Exchange, status: number, headers: HeaderList): Relay {
  const upload = ownUpload(x, headers);
  if (upload === null) return openAs(x, status, headers);
  // The client goes on at once, maybe on another thread.
  return new LaterAnswer(upload.known, () => openAs(x, status, upload.headers), x);
}

function openAs(x: Exchange, status: number, headers: HeaderList): Relay {
  const contentType = headerOf(headers, 'content-type') ?? '';
  if (x.incoming.method === 'HEAD' || BODILESS.has(status))
    return new HeadAnswer(x, status, contentType, headers);
  const batch = status === 200 ? batchRead(x) : null;
  if (batch !== null) {
    // Decompressed on its way, so the client gets it plain.
    const plain = headers.filter((_, i) => headers[i - (i % 2)] !== 'content-encoding');
    return inflating(new BatchResultsAnswer(x, batch, status, contentType, plain), headers);
  }
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType))
    return inflating(new JsonAnswer(x, status, contentType, headers), headers);
  if (contentType.startsWith('text/event-stream'))
    return inflating(eventsOf(x, status, contentType, headers), headers);
  return new PassedAnswer(x, status, contentType, headers, { events: false });
}

function eventsOf(x: Exchange, status: number, contentType: string, headers: HeaderList): Relay {
  const { operation, finishedAnswer } = x.endpoint.format;
  return x.incoming.method === 'GET' && operation === 'other' && finishedAnswer !== undefined
    ? new ReplayedAnswer(x, status, contentType, headers)
    : new PassedAnswer(x, status, contentType, headers, { events: true });
}
