import { withoutSecrets } from '../observe/secret-text.js';
import type { PostAnswer } from '../upstream/poster.js';
import type { DestinationSettings } from './alert-settings.js';
import { cut } from './notice.js';

const MOST = 200;

/**
 * What a destination says of why it refuses, for people: `no_service`, `Unknown Webhook`. '' where it says nothing that is made
 * to be read, such as a page. Destinations repeat what they were sent: what is secret of theirs is taken out.
 */
export function refusalWords(destination: DestinationSettings, { headers, body }: PostAnswer): string {
  const text = body.toString('utf8', 0, 4096).trim();
  const said = wordsOf(text, headers['content-type'] ?? '');
  let shown = said.replace(/\s+/g, ' ');
  for (const secret of secretsOf(destination)) shown = shown.replaceAll(secret, '***');
  return cut(withoutSecrets(shown), MOST);
}

function wordsOf(text: string, type: string): string {
  if (text.startsWith('{')) {
    try {
      return named(JSON.parse(text) as Record<string, unknown>);
    } catch {
      return '';
    }
  }
  return text.startsWith('<') || type.includes('html') ? '' : text;
}

/** `message` of Discord, Opsgenie and PagerDuty, which has `errors` beside it; `error.message` of Workflows. */
function named(answer: Record<string, unknown>): string {
  const { message, error, errors } = answer;
  const list = Array.isArray(errors) ? errors.filter((one) => typeof one === 'string') : [];
  if (typeof message === 'string') return [message, ...list].join('; ');
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null ? named(error as Record<string, unknown>) : '';
}

function secretsOf(destination: DestinationSettings): string[] {
  if (destination.kind === 'email') return [];
  const { pathname, search } = new URL(destination.url);
  const own: string[] = [destination.url];
  if (destination.kind === 'pagerduty') own.push(destination.routingKey);
  else if (destination.kind === 'opsgenie') own.push(destination.apiKey);
  else {
    // The address of a webhook is its credential.
    own.push(pathname, ...pathname.split('/'), ...search.slice(1).split(/[&=]/));
    if (destination.kind === 'webhook')
      own.push(destination.secret ?? '', ...Object.values(destination.headers));
  }
  return own.filter((one) => one.length >= 8).toSorted((a, b) => b.length - a.length);
}
