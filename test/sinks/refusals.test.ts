import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { settled } from '../store/records.js';
import { runSinks, sinkSettings } from './running-sinks.js';
import { type Answer, type Received, startVendor, type VendorServer } from './vendor-server.js';
import { VENDORS } from './vendors.js';

let server: VendorServer;
beforeEach(async () => {
  server = await startVendor();
});
afterEach(() => server.close());

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
const linesOf = ({ body }: Received): string[] => body.toString('utf8').trim().split('\n');
const items = (...statuses: number[]): Answer =>
  json(200, {
    errors: true,
    items: statuses.map((status) => ({ create: { status, error: { type: 't', reason: 'r' } } })),
  });

/** Answers that look like success and are none; what must have become of three records in the end, and what health says at first: nothing where it goes well
 * in smaller pieces. */
const CASES: [
  use: string,
  story: string,
  answer: (received: Received) => Answer,
  end: object,
  why: RegExp | null,
][] = [
  [
    'elasticsearch',
    'an index that is not there, or that a full disk has made read-only, will be mended',
    () => items(404, 403, 201),
    { sent: 3, refused: 0 },
    /t: r/,
  ],
  [
    'elasticsearch',
    'a queue that is full passes',
    () => items(201, 429, 201),
    { sent: 3, refused: 0 },
    /t: r/,
  ],
  [
    'elasticsearch',
    'an answer that cannot be read is no success',
    () => ({ status: 200, body: '{"errors":true,"items":[' }),
    { sent: 3 },
    null,
  ],
  [
    'langfuse',
    'an answer that cannot be read is no success',
    () => ({ status: 207, body: '{"successes":[' }),
    { sent: 3 },
    null,
  ],
  [
    'langfuse',
    'an event that fails at the server is told again',
    ({ body }) => {
      const { batch } = JSON.parse(body.toString('utf8')) as { batch: { id: string }[] };
      return json(207, { successes: [], errors: [{ id: batch[0]?.id, status: 500, message: 'oops' }] });
    },
    { sent: 3, refused: 0, failures: 1 },
    /oops/,
  ],
  [
    'langfuse',
    'an error about something unknown is counted',
    () => json(207, { successes: [], errors: [{ id: 'who?', status: 400, message: 'unknown' }] }),
    { sent: 2, refused: 1 },
    /unknown/,
  ],
  [
    'splunk',
    'an index of the wrong name will be mended',
    () => json(400, { text: 'Incorrect index', code: 7 }),
    { sent: 3, refused: 0 },
    /Incorrect index/,
  ],
  [
    'splunk',
    'a code that is none of success is none',
    () => json(200, { text: 'Invalid data format', code: 6 }),
    { sent: 3 },
    null,
  ],
  [
    'clickhouse',
    'too many parts pass',
    () => ({ status: 200, headers: { 'x-clickhouse-exception-code': '252' } }),
    { sent: 3, refused: 0, failures: 1 },
    /252/,
  ],
  [
    'clickhouse',
    'an exception in the body of a success is one',
    () => ({ status: 200, body: 'Code: 241. DB::Exception: Memory limit (total) exceeded' }),
    { sent: 3, refused: 0, failures: 1 },
    /241/,
  ],
  [
    'posthog',
    'a quota that is used up drops them',
    () => json(200, { status: 'Ok', quota_limited: ['events'] }),
    { sent: 0, refused: 3 },
    /quota/,
  ],
  [
    'datadog-metrics',
    'errors beside a success are counted',
    () => json(202, { errors: ['bad point'] }),
    { sent: 2, refused: 1 },
    /bad point/,
  ],
  [
    'datadog',
    'errors beside a success are counted',
    () => json(202, { errors: [{ title: 'bad span' }] }),
    { sent: 2, refused: 1 },
    /bad span/,
  ],
  [
    'azure-monitor',
    '200 with errors inside is read like 206',
    () =>
      json(200, {
        itemsReceived: 3,
        itemsAccepted: 2,
        errors: [{ index: 2, statusCode: 503, message: 'busy' }],
      }),
    { sent: 3, refused: 0, failures: 1 },
    /busy/,
  ],
  [
    'sqs',
    'an entry that the service failed at is told again',
    () => json(200, { Successful: [], Failed: [{ Id: '2', SenderFault: false, Code: 'InternalError' }] }),
    { sent: 3, refused: 0, failures: 1 },
    /InternalError/,
  ],
  [
    'honeycomb',
    'a page to sign in at has taken nothing',
    () => ({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html>Sign in</html>',
    }),
    { sent: 3, refused: 0, failures: 1 },
    /page for people/,
  ],
  [
    'otlp',
    'spans rejected in JSON are counted',
    () => json(200, { partialSuccess: { rejectedSpans: '3', errorMessage: 'too old' } }),
    { sent: 2, refused: 1 },
    /too old/,
  ],
];

describe('an answer of success with an error inside', () => {
  it.each(CASES)('%s: %s', async (use, _, answer, end, why) => {
    const vendor = VENDORS.find((one) => one.use === use);
    if (vendor === undefined) throw new Error(use);
    const said: (string | null | undefined)[] = [];
    const sinks = runSinks([sinkSettings(use, vendor.values(server.url))], null);
    onTestFinished(() => sinks.close());
    const good = (received: Received): Answer =>
      use === 'elasticsearch'
        ? json(200, { errors: false, items: linesOf(received).map(() => ({})) })
        : (vendor.good ?? { status: 200 });
    let tries = 0;
    server.answer = (received) => {
      said.push(sinks.sinks.states()[0]?.failing);
      return tries++ === 0 ? answer(received) : good(received);
    };
    await sinks.settle([settled(), settled(), settled()]);
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ counts: end, backlogBytes: 0 });
    said.push(sinks.sinks.states()[0]?.failing);
    const lines = JSON.stringify(sinks.lines);
    if (why === null) expect(sinks.sinks.states()[0]?.counts.deliveries).toBe(3);
    else expect(`${said.join('\n')}\n${lines}`).toMatch(why);
  });
});
