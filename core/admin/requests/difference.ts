import type { SettledRecord } from '@headgate/sdk';
import { usdText } from '../../money.js';
import type { ReplayPort, WordChange } from '../../replay/protocol.js';
import type { KeptRequest } from './kept-request.js';

/** A request, and its answer as text: JSON. */
export interface Answered {
  readonly record: SettledRecord;
  readonly path: string;
  /** Null: not all of it is there, and `why` says so. */
  readonly answer: string | null;
  readonly why?: string;
  /** Something was taken out of it. */
  readonly redacted: boolean;
}

interface Both<T> {
  readonly before: T | null;
  readonly after: T | null;
}

interface Amounts extends Both<number> {
  /** Null where one is not known. */
  readonly change: number | null;
}

/** What differs between two requests: what was asked first, and what was asked then. */
export interface Difference {
  /** By words; null where one of the answers cannot be read, and `text_unknown` says why. */
  readonly text: readonly WordChange[] | null;
  readonly text_unknown?: string;
  /** Of the answers that were kept something was taken out, which is told as a difference. */
  readonly text_redacted?: true;
  readonly model: Both<string>;
  readonly provider: Both<string>;
  readonly tokens: { readonly input: Amounts; readonly output: Amounts };
  /** Exact dollars. */
  readonly cost: {
    readonly before_usd: string | null;
    readonly after_usd: string | null;
    readonly change_usd: string | null;
  };
  /** Milliseconds in all. */
  readonly ms: Amounts;
  readonly finish: Both<string>;
}

export function keptAnswer({ record, kept: { path, answer } }: KeptRequest): Answered {
  const { text, truncated, redacted } = answer;
  const some = { record, path, redacted: redacted === true };
  if (truncated)
    return { ...some, answer: null, why: `only the beginning of the answer of "${record.id}" was kept` };
  if (text === null)
    return { ...some, answer: null, why: `nothing of the answer of "${record.id}" may be kept` };
  return { ...some, answer: text };
}

export async function differenceOf(
  port: Pick<ReplayPort, 'texts' | 'diff'>,
  before: Answered,
  after: Answered,
): Promise<Difference> {
  const [a, b] = [before.record, after.record];
  const cost = [a.costNano, b.costNano] as const;
  return {
    ...(await textOf(port, before, after)),
    ...((before.redacted || after.redacted) && { text_redacted: true }),
    model: { before: a.model, after: b.model },
    provider: { before: a.provider || null, after: b.provider || null },
    tokens: {
      input: amounts(a.usage?.inputTokens, b.usage?.inputTokens),
      output: amounts(a.usage?.outputTokens, b.usage?.outputTokens),
    },
    cost: {
      before_usd: dollars(cost[0]),
      after_usd: dollars(cost[1]),
      change_usd: cost[0] === null || cost[1] === null ? null : usdText(cost[1] - cost[0]),
    },
    ms: amounts(milliseconds(a.totalMs), milliseconds(b.totalMs)),
    finish: { before: a.finish || null, after: b.finish || null },
  };
}

async function textOf(
  port: Pick<ReplayPort, 'texts' | 'diff'>,
  before: Answered,
  after: Answered,
): Promise<Pick<Difference, 'text' | 'text_unknown'>> {
  for (const { record, answer, why = '' } of [before, after]) {
    if (record.status < 200 || record.status >= 300)
      return unknown(`"${record.id}" was answered with status ${record.status}`);
    if (answer === null) return unknown(why);
  }
  const asks = [before, after].map(({ path, answer }) => ({ path, body: answer as string }));
  const [a = null, b = null] = await port.texts(asks);
  if (a === null || b === null)
    return unknown(`the answer of "${(a === null ? before : after).record.id}" cannot be read`);
  try {
    return { text: await port.diff(a, b) };
  } catch (error) {
    // So many texts are compared already, or it takes too long.
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

function unknown(why: string): Pick<Difference, 'text' | 'text_unknown'> {
  return { text: null, text_unknown: why };
}

function amounts(before: number | null = null, after: number | null = null): Amounts {
  const known = before !== null && after !== null;
  return { before, after, change: known ? milliseconds(after - before) : null };
}

function dollars(nano: number | null): string | null {
  return nano === null ? null : usdText(nano);
}

/** To the microsecond. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
