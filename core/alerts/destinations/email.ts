import { headingOf, type Notice, ordered, wordOf } from '../notice.js';

export interface Mailbox {
  /** `smtp://` or `smtps://`, with user and password in it where they are needed. */
  readonly smtp: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** Sends one mail. The mailer is loaded by the first. Rejects with what the server said. */
export async function sendMail(
  { smtp, from, to }: Mailbox,
  notice: Notice,
  timeoutMs: number,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const limits = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const transport = createTransport(smtp, { from, ...limits });
  try {
    await transport.sendMail({ from, to: [...to], subject: headingOf(notice), text: textOf(notice) });
  } finally {
    transport.close();
  }
}

function textOf({ alerts }: Notice): string {
  return ordered(alerts)
    .map((alert) => {
      const since = new Date(alert.sinceMs).toISOString();
      const until = alert.resolvedMs === null ? '' : `, until ${new Date(alert.resolvedMs).toISOString()}`;
      return `${wordOf(alert)}\n${alert.text}\nSince ${since}${until}. Rule: ${alert.rule}\n`;
    })
    .join('\n');
}
