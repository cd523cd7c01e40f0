import { type DefaultNeeds, type Reply, type RequestView, reply } from '@headgate/sdk';
import type { Limit } from './limits.js';

export const FAMILIES = ['requests', 'tokens'] as const;
type Family = (typeof FAMILIES)[number];

/** Limits of requests and of tokens are told apart, in the headers that OpenAI's clients read; what runs at once is not told. */
export function familyOf({ of }: Limit): Family | null {
  if (of === 'parallel') return null;
  return of === 'requests' ? 'requests' : 'tokens';
}

const names: Readonly<Record<Family, { limit: string; remaining: string; reset: string }>> = {
  requests: namesOf('requests'),
  tokens: namesOf('tokens'),
};

function namesOf(what: Family): { limit: string; remaining: string; reset: string } {
  return {
    limit: `x-ratelimit-limit-${what}`,
    remaining: `x-ratelimit-remaining-${what}`,
    reset: `x-ratelimit-reset-${what}`,
  };
}

/** Puts a limit, what is left of it and when it starts again on the answer. */
export function showLimit(
  view: RequestView<DefaultNeeds>,
  limit: Limit,
  remaining: number,
  msToReset: number,
): void {
  const { limit: most, remaining: left, reset } = names[limit.of === 'requests' ? 'requests' : 'tokens'];
  view.answerHeader(most, limit.text);
  view.answerHeader(left, String(Math.max(remaining, 0)));
  view.answerHeader(reset, secondsText(seconds(msToReset)));
}

/** Many requests are answered within one second. */
let lastSeconds = 0;
let lastText = '0s';

function secondsText(count: number): string {
  if (count !== lastSeconds) {
    lastSeconds = count;
    lastText = `${count}s`;
  }
  return lastText;
}

/** The 429 for a used-up limit: whose, which one, how much is left, when it starts again. */
export function refusal(limit: Limit, remaining: number, msToReset: number): Reply {
  const { who, text, of, per, rolling } = limit;
  const what = WORDS[of];
  const again = rolling ? 'some of it is free again' : 'the limit resets';
  return reply.error(
    'rate-limit',
    'rate_limit_exceeded',
    `${who} may use ${text} ${what} ${per} and ${remaining} are left; ${again} in ${seconds(msToReset)} s.`,
    { retryAfterMs: msToReset },
  );
}

const WORDS = {
  requests: 'requests',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  total_tokens: 'tokens',
  parallel: 'requests at once',
} as const;

/** Nobody knows when a running request ends. */
const PARALLEL_RETRY_MS = 1000;

export function parallelRefusal({ who, max }: Limit): Reply {
  return reply.error(
    'rate-limit',
    'parallel_limit_exceeded',
    `${who} may have ${max} requests at once, and as many are running.`,
    { retryAfterMs: PARALLEL_RETRY_MS },
  );
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
