import type { PostAnswer } from '../upstream/poster.js';
import type { DestinationSettings } from './alert-settings.js';
import { discordPosts } from './destinations/discord.js';
import { opsgeniePosts } from './destinations/opsgenie.js';
import { pagerdutyPosts } from './destinations/pagerduty.js';
import { slackPosts } from './destinations/slack.js';
import { teamsPosts } from './destinations/teams.js';
import { webhookPosts } from './destinations/webhook.js';
import type { Notice, Post } from './notice.js';
import { refusalWords } from './refusal-words.js';

export type SendPost = (post: Post, timeoutMs: number) => Promise<PostAnswer>;

const TIMEOUT_MS = 15_000;

/** It was not taken. `again` is false for what no later try would change; `afterMs` is what was asked for. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered';

  constructor(
    why: string,
    readonly again: boolean,
    readonly afterMs: number | null = null,
  ) {
    super(why);
  }
}

/** Tells a destination. Rejects with a {@link NotDelivered}, in words without secrets. */
export async function deliver(
  destination: DestinationSettings,
  notice: Notice,
  send: SendPost,
  now: () => number,
): Promise<void> {
  if (destination.kind === 'email') {
    const { sendMail } = await import('./destinations/email.js');
    try {
      await sendMail(destination, notice, TIMEOUT_MS);
    } catch (error) {
      const { responseCode, message } = error as Error & { responseCode?: number };
      // Of SMTP's answers, 5xx are for good.
      throw new NotDelivered(message, !(responseCode !== undefined && responseCode >= 500));
    }
    return;
  }
  for (const post of postsOf(destination, notice, now())) {
    let answer: PostAnswer;
    try {
      answer = await send(post, TIMEOUT_MS);
    } catch (error) {
      throw new NotDelivered(error instanceof Error ? error.message : String(error), true);
    }
    check(destination, answer);
  }
}

function postsOf(
  destination: Exclude<DestinationSettings, { kind: 'email' }>,
  notice: Notice,
  now: number,
): Post[] {
  switch (destination.kind) {
    case 'slack':
      return slackPosts(destination.url, notice);
    case 'teams':
      return teamsPosts(destination.url, notice);
    case 'discord':
      return discordPosts(destination.url, notice);
    case 'pagerduty':
      return pagerdutyPosts(destination.url, destination.routingKey, notice);
    case 'opsgenie':
      return opsgeniePosts(destination.url, destination.apiKey, notice);
    case 'webhook':
      return webhookPosts(destination, notice, now);
  }
}

/** Throws where it was not taken. */
function check(destination: DestinationSettings, answer: PostAnswer): void {
  const { status, headers, body } = answer;
  if (status >= 200 && status < 300) {
    const text = body.toString('utf8').trim();
    // Slack says `ok`, and a connector of Teams says in an answer of success that it could not deliver.
    if (destination.kind === 'slack' && text !== 'ok')
      throw new NotDelivered(`it answered ${status}, but not "ok"`, true);
    if (destination.kind === 'teams' && text.startsWith('Webhook message delivery failed'))
      throw new NotDelivered(`it answered ${status}, but that it failed`, true);
    // Proxies of companies answer with a page that asks to sign in.
    if (destination.kind !== 'webhook' && text.startsWith('<'))
      throw new NotDelivered(`it answered ${status} with a page`, true);
    return;
  }
  const words = refusalWords(destination, answer);
  const seconds = Number(headers['retry-after']);
  const again = status === 408 || status === 425 || status === 429 || status >= 500;
  const why = `it answered ${status}${words === '' ? '' : `: ${words}`}`;
  throw new NotDelivered(why, again, seconds > 0 ? seconds * 1000 : null);
}
