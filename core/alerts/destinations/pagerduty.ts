import { cut, JSON_TYPE, type Notice, type Post } from '../notice.js';

/**
 * One event for each alert, https://developer.pagerduty.com/docs/events-api-v2-overview: the same `dedup_key` triggers an
 * incident once and resolves it.
 */
export function pagerdutyPosts(url: string, routingKey: string, { source, alerts }: Notice): Post[] {
  return alerts.map((alert) => {
    const { id, state, rule, subject, severity, title, text, sinceMs } = alert;
    const event = {
      routing_key: routingKey,
      event_action: state === 'firing' ? 'trigger' : 'resolve',
      dedup_key: id,
      ...(state === 'firing' && {
        payload: {
          summary: cut(title, 1024),
          source,
          severity,
          timestamp: new Date(sinceMs).toISOString(),
          component: 'headgate',
          class: rule,
          custom_details: { text, subject },
        },
      }),
    };
    return { url, headers: JSON_TYPE, body: JSON.stringify(event) };
  });
}
