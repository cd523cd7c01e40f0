import { cut, headingOf, JSON_TYPE, type Notice, ordered, type Post, wordOf } from '../notice.js';

/** A message must stay below 28 KB. */
const MOST_ALERTS = 20;
const COLORS = { info: 'Accent', warning: 'Warning', critical: 'Attention' } as const;

/**
 * An adaptive card for a Workflows webhook ("When a Teams webhook request is received"),
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using.
 */
export function teamsPosts(url: string, notice: Notice): Post[] {
  const alerts = ordered(notice.alerts);
  const body = [
    { type: 'TextBlock', size: 'Large', weight: 'Bolder', wrap: true, text: headingOf(notice) },
    ...alerts.slice(0, MOST_ALERTS).flatMap((alert) => [
      {
        type: 'TextBlock',
        weight: 'Bolder',
        wrap: true,
        separator: true,
        color: alert.state === 'resolved' ? 'Good' : COLORS[alert.severity],
        text: plain(wordOf(alert)),
      },
      { type: 'TextBlock', wrap: true, text: plain(cut(alert.text, 800)) },
    ]),
    ...(alerts.length > MOST_ALERTS
      ? [{ type: 'TextBlock', text: `and ${alerts.length - MOST_ALERTS} more` }]
      : []),
  ];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body,
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
  return [{ url, headers: JSON_TYPE, body: JSON.stringify({ type: 'message', attachments: [attachment] }) }];
}

/** Text blocks take some Markdown. */
function plain(text: string): string {
  return text.replace(/[\\`*_[\]]/g, '\\$&');
}
