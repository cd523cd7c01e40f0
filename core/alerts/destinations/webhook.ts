import { createHmac } from 'node:crypto';
import { JSON_TYPE, type Notice, type Post } from '../notice.js';

export interface WebhookTarget {
  readonly url: string;
  readonly secret: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Our own form. With a secret, `x-headgate-signature` is `v1=` and, in hexadecimal, HMAC-SHA-256 under the secret of the unix seconds in
 * `x-headgate-timestamp`, a dot, and the body: a receiver that checks both takes nothing that is not ours, or old.
 */
export function webhookPosts(
  { url, secret, headers }: WebhookTarget,
  { source, alerts }: Notice,
  now: number,
): Post[] {
  const body = JSON.stringify({
    version: 1,
    source,
    alerts: alerts.map(({ id, rule, subject, severity, state, title, text, sinceMs, resolvedMs }) => ({
      id,
      rule,
      subject,
      severity,
      state,
      title,
      text,
      since: new Date(sinceMs).toISOString(),
      resolved_at: resolvedMs === null ? null : new Date(resolvedMs).toISOString(),
    })),
  });
  return [
    { url, headers: { ...headers, ...JSON_TYPE, ...(secret !== null && signed(secret, body, now)) }, body },
  ];
}

function signed(secret: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-headgate-timestamp': timestamp, 'x-headgate-signature': `v1=${signature}` };
}
