import { cut, JSON_TYPE, type Notice, type Post } from '../notice.js';

const PRIORITIES = { info: 'P5', warning: 'P3', critical: 'P1' } as const;

/** https://docs.opsgenie.com/docs/alert-api: an alert for each, which its alias closes. */
export function opsgeniePosts(base: string, apiKey: string, { source, alerts }: Notice): Post[] {
  const headers = { ...JSON_TYPE, authorization: `GenieKey ${apiKey}` };
  const url = `${base.replace(/\/$/, '')}/v2/alerts`;
  return alerts.map(({ id, state, rule, subject, severity, title, text }) => {
    if (state === 'resolved')
      return {
        url: `${url}/${encodeURIComponent(id)}/close?identifierType=alias`,
        headers,
        body: JSON.stringify({ source, note: 'It holds no longer.' }),
      };
    const body = {
      message: cut(title, 130),
      alias: id,
      description: cut(text, 15_000),
      source,
      entity: cut(subject, 512),
      tags: ['headgate', rule],
      priority: PRIORITIES[severity],
    };
    return { url, headers, body: JSON.stringify(body) };
  });
}
