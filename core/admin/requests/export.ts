import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { type HeaderList, headerOf } from '@headgate/sdk';
import type { ControlAnswer } from '../../control.js';
import { canonicalError } from '../../errors.js';
import type { Ledger } from '../../store/ledger.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../store/requests/export-format.js';
import type { ByteStreams } from '../byte-stream.js';
import { readChoice } from '../parameters.js';
import { type AdminRequest, refused } from '../route.js';
import { withinOf } from './request-pages.js';
import { readRequestAsk } from './request-query.js';

type Pieces = AsyncGenerator<Uint8Array, void, undefined>;

const TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

/** `GET /api/requests/export`: all that fit, as one file that is made while it is read. */
export async function exportRequests(
  ledger: Ledger,
  streams: ByteStreams,
  request: AdminRequest,
): Promise<ControlAnswer> {
  const { filter: asked, range, given } = readRequestAsk(request.query, withinOf(request), ['format']);
  const filter = { ...asked, bodiesWithin: withinOf(request, 'bodies:read') };
  const format = readChoice(given, 'format', EXPORT_FORMATS);
  // Parquet is compressed inside.
  const zipped = format !== 'parquet' && takesGzip(request.headers);
  const headers = headersOf(format, zipped);
  if (request.method === 'HEAD') return { status: 200, headers, body: '' };
  const begun = await ledger.requests('exportBegin', { filter, range, format });
  if (begun === null)
    return refused(canonicalError('too_many_streams', { why: 'too many exports are being made' }));
  const { id } = begun;
  return streams.answer(
    200,
    headers,
    (left) => (zipped ? gzipped(pages(ledger, id, left)) : pages(ledger, id, left)),
    () => end(ledger, id),
  );
}

function headersOf(format: ExportFormat, zipped: boolean): HeaderList {
  return [
    'content-type',
    TYPES[format],
    'content-disposition',
    `attachment; filename="requests.${format}"`,
    'cache-control',
    'no-store',
    'vary',
    'accept-encoding',
    ...(zipped ? ['content-encoding', 'gzip'] : []),
  ];
}

async function* pages(ledger: Ledger, id: string, left: AbortSignal): Pieces {
  try {
    while (!left.aborted) {
      const bytes = await ledger.requests('exportNext', { id });
      if (bytes === null) return;
      if (bytes.length > 0) yield bytes;
    }
  } finally {
    end(ledger, id);
  }
}

/** Compressed by the threads that Node has for such work, no faster than the client takes it. */
async function* gzipped(plain: Pieces): Pieces {
  const gzip = createGzip();
  pipeline(Readable.from(plain, { objectMode: false }), gzip, () => {});
  for await (const bytes of gzip) yield bytes as Uint8Array;
}

function end(ledger: Ledger, id: string): void {
  // A ledger that is gone makes no exports.
  ledger.requests('exportEnd', { id }).catch(() => {});
}

/** `gzip`, or anything, unless its weight is 0. */
function takesGzip(headers: HeaderList): boolean {
  const accepted = (headerOf(headers, 'accept-encoding') ?? '').toLowerCase().split(',');
  return accepted.some((one) => {
    const [name, ...parameters] = one.split(';').map((part) => part.trim());
    return name === 'gzip' && !parameters.some((part) => /^q=0(\.0*)?$/.test(part));
  });
}
