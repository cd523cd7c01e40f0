import type { SinkAnswer, SinkHost, SinkRow, SinkVerdict } from '@headgate/sdk';
import { jsonOf, listIn } from './json-answer.js';
import { basic } from './otlp-row.js';
import { jsonLines, recordJson } from './record-json.js';
import { optional, ownAddress } from './setting.js';

/** Document databases with the bulk API of Elasticsearch. */
function bulkRow(parts: Pick<SinkRow, 'id' | 'title' | 'docs'>): SinkRow {
  return {
    ...parts,
    sends: 'http',
    settings: {
      url: ownAddress('address of the cluster'),
      index: optional('index or data stream', 'headgate-requests'),
      api_key: { type: 'secret', about: 'API key; in its place' },
      username: optional('a user'),
      password: { type: 'secret', about: 'and a password' },
    },
    open(values, host) {
      const apiKey = values.text('api_key');
      const user = values.text('username');
      const headers = {
        'content-type': 'application/x-ndjson',
        ...(apiKey !== '' ? { authorization: `ApiKey ${apiKey}` } : {}),
        ...(apiKey === '' && user !== '' ? basic(user, values.text('password')) : {}),
      };
      const url = `${values.text('url')}/${encodeURIComponent(values.text('index'))}/_bulk`;
      return {
        async send(details) {
          // `create` with an id of ours: what is told twice is there already, with 409.
          const body = details
            .map((detail) => {
              const document = {
                '@timestamp': new Date(detail.record.time).toISOString(),
                ...recordJson(detail),
              };
              return `${JSON.stringify({ create: { _id: detail.record.id } })}\n${JSON.stringify(document)}\n`;
            })
            .join('');
          return judgeBulk(await host.post({ url, headers, body }, true), host);
        },
      };
    },
  };
}

const EXISTS = 409;

/** What somebody will mend, such as an index that is not there, or that a full disk has made read-only. */
const PASSING: ReadonlySet<number> = new Set([401, 403, 404, 408, 429]);

/** 200 with `errors: true`: each item has a status of its own. */
function judgeBulk(answer: SinkAnswer, host: SinkHost): SinkVerdict {
  const verdict = host.judge(answer);
  const json = jsonOf(answer);
  if (verdict.kind !== 'taken' || json['errors'] === false) return verdict;
  // Of fewer records it may be short enough.
  if (json['errors'] !== true) return { kind: 'refused', why: 'its answer cannot be read' };
  const only: number[] = [];
  let refused = 0;
  let why = '';
  listIn(json, 'items').forEach((item, i) => {
    const [said] = Object.values(item) as { status?: number; error?: { type?: string; reason?: string } }[];
    const status = said?.status ?? 500;
    if (status < 300 || status === EXISTS) return;
    why ||= `${said?.error?.type ?? status}: ${said?.error?.reason ?? ''}`;
    if (PASSING.has(status) || status >= 500) only.push(i);
    else refused++;
  });
  if (only.length > 0) return { kind: 'later', why, only, refused };
  return refused === 0 ? { kind: 'taken' } : { kind: 'taken', refused, why };
}

export const elasticsearch = bulkRow({
  id: 'elasticsearch',
  title: 'Elasticsearch',
  docs: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
});

export const opensearch = bulkRow({
  id: 'opensearch',
  title: 'OpenSearch',
  docs: 'https://docs.opensearch.org/latest/api-reference/document-apis/bulk/',
});

/** Exceptions that pass: too slow, too busy, too little memory, too many parts, read-only, no connection, no replica, cancelled. */
const LATER: ReadonlySet<string> = new Set(
  '159 160 164 202 209 210 225 236 241 242 243 252 254 285 289 319 394 439 999'.split(' '),
);
const EXCEPTION = /\bCode: (\d{1,5})\..{0,200}?DB::(?:\w+)?Exception/s;

/** A query may fail after the head of the answer has left. */
function judgeInsert(answer: SinkAnswer, host: SinkHost): SinkVerdict {
  const said = Buffer.from(answer.body).toString('utf8');
  const code = answer.headers['x-clickhouse-exception-code'] ?? EXCEPTION.exec(said)?.[1];
  const verdict = host.judge(answer);
  if (code === undefined) return verdict;
  const why = verdict.kind === 'taken' ? `it answered with exception ${code}` : verdict.why;
  if (LATER.has(code)) return { kind: 'later', why };
  return verdict.kind === 'taken' ? { kind: 'refused', why } : verdict;
}

/** ClickHouse over HTTP: https://clickhouse.com/docs/interfaces/http. */
export const clickhouse: SinkRow = {
  id: 'clickhouse',
  title: 'ClickHouse',
  docs: 'https://clickhouse.com/docs/interfaces/http',
  sends: 'http',
  settings: {
    url: ownAddress('address of its HTTP interface, such as `http://clickhouse:8123`', 'CLICKHOUSE_URL'),
    database: optional('database', 'default'),
    table: optional('table; columns that it lacks are left out', 'headgate_requests'),
    username: optional('user', 'default'),
    password: { type: 'secret', about: 'its password', env: ['CLICKHOUSE_PASSWORD'] },
  },
  batch: { records: 5000, waitMs: 5_000 },
  open(values, host) {
    const quoted = (name: string): string => `\`${name.replace(/[`\\]/g, '\\$&')}\``;
    const table = `${quoted(values.text('database'))}.${quoted(values.text('table'))}`;
    const url = new URL(values.text('url'));
    url.searchParams.set('query', `INSERT INTO ${table} FORMAT JSONEachRow`);
    url.searchParams.set('input_format_skip_unknown_fields', '1');
    url.searchParams.set('date_time_input_format', 'best_effort');
    const headers = {
      'content-type': 'application/x-ndjson',
      'x-clickhouse-user': values.text('username'),
      ...(values.text('password') !== '' && { 'x-clickhouse-key': values.text('password') }),
    };
    return {
      async send(details) {
        const [first] = details;
        // The same block twice is one, in tables that are replicated.
        const token = `${first?.record.id ?? ''}-${details.length}`;
        url.searchParams.set('insert_deduplication_token', token);
        return judgeInsert(await host.post({ url: url.href, headers, body: jsonLines(details) }, true), host);
      },
    };
  },
};
