import { type DefaultNeeds, type Reply, type RequestView, reply } from '@headgate/sdk';

/** One limit, in the words of the headers. */
export interface Allowance {
  readonly what: 'requests' | 'tokens';
  readonly limit: number;
  /** The limit as text. */
  readonly text: string;
}

const names = {
  requests: namesOf('requests'),
  tokens: namesOf('tokens'),
};

function namesOf(what: Allowance['what']): { limit: string; remaining: string; reset: string } {
  return {
    limit: `x-ratelimit-limit-${what}`,
    remaining: `x-ratelimit-remaining-${what}`,
    reset: `x-ratelimit-reset-${what}`,
  };
}

/** Puts a limit, what is left of it and when it starts again on the answer, in the headers that OpenAI's clients read. */
export function showLimit(
  view: RequestView<DefaultNeeds>,
  { what, text }: Allowance,
  remaining: number,
  msToReset: number,
): void {
  const { limit, remaining: left, reset } = names[what];
  view.answerHeader(limit, text);
  view.answerHeader(left, String(Math.max(remaining, 0)));
  view.answerHeader(reset, resets[seconds(msToReset)] as string);
}

/** The 429 for a used-up minute: which limit, how much is left, when it starts again. */
export function refusal(
  keyName: string,
  { what, text }: Allowance,
  remaining: number,
  msToReset: number,
): Reply {
  return reply.error(
    'rate-limit',
    'rate_limit_exceeded',
    `Key '${keyName}' may use ${text} ${what} a minute and ${remaining} are left; the limit resets in ${seconds(msToReset)} s.`,
    { retryAfterMs: msToReset },
  );
}

/** Limits are of a minute, so there are few of these. */
const resets = Array.from({ length: 61 }, (_, second) => `${second}s`);

function seconds(ms: number): number {
  return Math.min(60, Math.max(1, Math.ceil(ms / 1000)));
}
