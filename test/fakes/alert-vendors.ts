import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

export interface Told {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Json;
}

export interface Vendors {
  readonly url: string;
  /** What was taken. */
  readonly told: Told[];
  /** Why something was refused as the vendor would. */
  readonly refused: string[];
  /** Answered in place of a vendor's own answer; null again after that many. */
  fail: { status: number; headers?: Record<string, string>; body?: string; times: number } | null;
  /** Open incidents of PagerDuty and alerts of Opsgenie. */
  readonly open: Set<string>;
  close(): Promise<void>;
}

/** What a vendor answers: what is wrong by its documentation, or null. */
type Check = (told: Told, open: Set<string>) => string | null;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit/blocks */
const slack: Check = ({ body }) => {
  if (textOf(body['text']) === '') return 'no_text';
  const blocks = list(body['blocks']);
  if (blocks.length > 50) return 'invalid_blocks';
  for (const block of blocks) {
    const inner = block['text'] as Json;
    const most = block['type'] === 'header' ? 150 : 3000;
    const kind = block['type'] === 'header' ? 'plain_text' : 'mrkdwn';
    if (inner['type'] !== kind || textOf(inner['text']).length > most) return 'invalid_blocks';
    if (/<!|<@/.test(textOf(inner['text']))) return 'somebody was called';
  }
  return null;
};

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
const teams: Check = ({ body, text }) => {
  const [attachment, ...more] = list(body['attachments']);
  if (body['type'] !== 'message' || attachment === undefined || more.length > 0) return 'no attachment';
  if (attachment['contentType'] !== 'application/vnd.microsoft.card.adaptive') return 'contentType';
  const card = attachment['content'] as Json;
  if (card['type'] !== 'AdaptiveCard' || list(card['body']).some((one) => one['type'] !== 'TextBlock'))
    return 'card';
  return Buffer.byteLength(text) > 28_000 ? 'too large' : null;
};

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
const discord: Check = ({ body }) => {
  const embeds = list(body['embeds']);
  if (textOf(body['content']).length > 2000 || embeds.length > 10) return 'Invalid Form Body';
  const sum = embeds.reduce(
    (all, one) => all + textOf(one['title']).length + textOf(one['description']).length,
    0,
  );
  if (sum > 6000 || embeds.some((one) => textOf(one['title']).length > 256)) return 'Invalid Form Body';
  return JSON.stringify(body['allowed_mentions']) === '{"parse":[]}' ? null : 'somebody was called';
};

/** https://developer.pagerduty.com/docs/send-alert-event */
const pagerduty: Check = ({ body }, open) => {
  if (textOf(body['routing_key']).length !== 32) return 'invalid routing key';
  const key = textOf(body['dedup_key']);
  if (key === '' || key.length > 255) return 'invalid dedup_key';
  if (body['event_action'] === 'resolve') {
    open.delete(`pagerduty ${key}`);
    return null;
  }
  const { summary, source, severity, timestamp } = body['payload'] as Json;
  if (body['event_action'] !== 'trigger' || textOf(summary) === '' || textOf(summary).length > 1024)
    return 'invalid event';
  if (textOf(source) === '' || !['critical', 'error', 'warning', 'info'].includes(textOf(severity)))
    return 'invalid payload';
  if (Number.isNaN(Date.parse(textOf(timestamp)))) return 'invalid timestamp';
  open.add(`pagerduty ${key}`);
  return null;
};

/** https://docs.opsgenie.com/docs/alert-api */
const opsgenie: Check = ({ path, headers, body }, open) => {
  if (!/^GenieKey .+/.test(headers.authorization ?? '')) return 'Key is not valid';
  const close = /\/v2\/alerts\/([^/]+)\/close\?identifierType=alias$/.exec(path);
  if (close !== null) {
    open.delete(`opsgenie ${decodeURIComponent(close[1] ?? '')}`);
    return null;
  }
  const message = textOf(body['message']);
  if (!path.endsWith('/v2/alerts') || message === '' || message.length > 130)
    return 'Request body is not processable';
  if (!/^P[1-5]$/.test(textOf(body['priority'])) || textOf(body['alias']).length > 512)
    return 'Request body is not processable';
  open.add(`opsgenie ${textOf(body['alias'])}`);
  return null;
};

const VENDORS: Readonly<Record<string, { check: Check; status: number; body: string }>> = {
  slack: { check: slack, status: 200, body: 'ok' },
  teams: { check: teams, status: 202, body: '' },
  discord: { check: discord, status: 204, body: '' },
  pagerduty: { check: pagerduty, status: 202, body: '{"status":"success","message":"Event processed"}' },
  opsgenie: {
    check: opsgenie,
    status: 202,
    body: '{"result":"Request will be processed","took":0.1,"requestId":"1"}',
  },
  webhook: { check: () => null, status: 200, body: '' },
};

/** Vendors of alerts, each below its name, that refuse what their documentation does not allow. */
export async function startVendors(): Promise<Vendors> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { fail } = vendors;
      if (fail !== null) {
        fail.times--;
        if (fail.times <= 0) vendors.fail = null;
        response.writeHead(fail.status, fail.headers).end(fail.body);
        return;
      }
      const text = Buffer.concat(chunks).toString('utf8');
      const told = {
        path: request.url ?? '',
        headers: request.headers,
        text,
        body: JSON.parse(text) as Json,
      };
      const vendor = VENDORS[told.path.split('/')[1] ?? ''];
      const wrong = vendor === undefined ? 'nobody is here' : vendor.check(told, vendors.open);
      if (vendor === undefined || wrong !== null) {
        vendors.refused.push(`${told.path}: ${wrong}`);
        response.writeHead(400).end(wrong);
        return;
      }
      vendors.told.push(told);
      response.writeHead(vendor.status).end(vendor.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendors: Vendors = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: [],
    refused: [],
    fail: null,
    open: new Set(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendors;
}
