import { cut, headingOf, JSON_TYPE, type Notice, ordered, type Post, wordOf } from '../notice.js';

/** Blocks of a message at most; one is the heading. */
const MOST_ALERTS = 40;

/** An incoming webhook, https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
export function slackPosts(url: string, notice: Notice): Post[] {
  const alerts = ordered(notice.alerts);
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: cut(headingOf(notice), 150) } },
    ...alerts.slice(0, MOST_ALERTS).map((alert) => ({
      type: 'section',
      text: { type: 'mrkdwn', text: cut(`*${escaped(wordOf(alert))}*\n${escaped(alert.text)}`, 2900) },
    })),
    ...rest(alerts.length),
  ];
  return [{ url, headers: JSON_TYPE, body: JSON.stringify({ text: headingOf(notice), blocks }) }];
}

function rest(count: number): object[] {
  if (count <= MOST_ALERTS) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: `and ${count - MOST_ALERTS} more` } }];
}

/** The three that Slack's markup knows; a name in `<…>` would call people. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
