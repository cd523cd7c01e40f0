import { cut, headingOf, JSON_TYPE, type Notice, ordered, type Post, wordOf } from '../notice.js';

/** Embeds of a message at most, and characters of all of them: 6000. */
const MOST_EMBEDS = 10;
const COLORS = { info: 0x3b82f6, warning: 0xf59e0b, critical: 0xdc2626 } as const;
const RESOLVED = 0x16a34a;

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export function discordPosts(url: string, notice: Notice): Post[] {
  const alerts = ordered(notice.alerts);
  const more = alerts.length > MOST_EMBEDS ? ` (and ${alerts.length - MOST_EMBEDS} more)` : '';
  const body = {
    content: cut(headingOf(notice) + more, 2000),
    embeds: alerts.slice(0, MOST_EMBEDS).map((alert) => ({
      title: cut(wordOf(alert), 150),
      description: cut(alert.text, 400),
      color: alert.state === 'resolved' ? RESOLVED : COLORS[alert.severity],
      timestamp: new Date(alert.resolvedMs ?? alert.sinceMs).toISOString(),
    })),
    // A name of a key must call nobody.
    allowed_mentions: { parse: [] },
  };
  return [{ url, headers: JSON_TYPE, body: JSON.stringify(body) }];
}
