import type { GroupDimension, UsageSums } from './usage-report.js';

/** What is charged for requests, in the ledger's terms. Plain data, so that it can go to the ledger's thread and be kept. */
export interface BillRule {
  /** Of each thing that is named, values of which a request must have one; `*` stands for any text. */
  readonly match: Readonly<Partial<Record<GroupDimension, readonly string[]>>>;
  /** Quarters of an hour since 1970: from the first up to but not including the last; null: no bound. */
  readonly fromSlot: number | null;
  readonly toSlot: number | null;
  /** Of the cost, in millionths: 1,200,000 is 20 % more. */
  readonly costPpm: number;
  /** Nano-dollars a request, on top. */
  readonly requestNano: number;
  /** Nano-dollars for a million tokens, in place of the cost; null: the cost counts. */
  readonly tokens: { readonly input: number; readonly output: number; readonly cacheRead: number } | null;
}

const MILLION = 1_000_000;
const MOST = Number.MAX_SAFE_INTEGER / 2;

type Counted = Pick<UsageSums, 'requests' | 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'costNano'>;

/**
 * Nano-dollars that a rule makes of the sums of one quarter of an hour and one group. Each product is rounded to the nearest
 * nano-dollar, halves up; sums are exact, so every report of the same time comes to the same, however it is grouped.
 */
export function billedNano(rule: BillRule | null, sums: Counted): bigint {
  if (rule === null) return sums.costNano;
  const { tokens, requestNano } = rule;
  const requests = BigInt(requestNano) * BigInt(sums.requests);
  if (tokens === null) return requests + scaledBig(sums.costNano, rule.costPpm);
  const fresh = Math.max(0, sums.inputTokens - sums.cacheReadTokens);
  return (
    requests +
    scaledBig(BigInt(fresh), tokens.input) +
    scaledBig(BigInt(sums.cacheReadTokens), tokens.cacheRead) +
    scaledBig(BigInt(sums.outputTokens), tokens.output)
  );
}

/** The same where all numbers are exact as doubles; null where they may not be. */
export function billedFast(
  rule: BillRule,
  {
    requests,
    input,
    output,
    cacheRead,
    cost,
  }: Readonly<Record<'requests' | 'input' | 'output' | 'cacheRead' | 'cost', number>>,
): number | null {
  const { tokens } = rule;
  const base =
    tokens === null
      ? scaled(cost, rule.costPpm)
      : scaled(Math.max(0, input - cacheRead), tokens.input) +
        scaled(cacheRead, tokens.cacheRead) +
        scaled(output, tokens.output);
  const sum = base + rule.requestNano * requests;
  return sum <= MOST ? sum : null;
}

/** Too large for a double becomes infinite. */
function scaled(value: number, ppm: number): number {
  const whole = Math.floor(value / MILLION) * ppm;
  const rest = (value % MILLION) * ppm;
  if (whole > MOST || rest > MOST) return Number.POSITIVE_INFINITY;
  return whole + Math.floor((rest + MILLION / 2) / MILLION);
}

function scaledBig(value: bigint, ppm: number): bigint {
  return (value * BigInt(ppm) + BigInt(MILLION / 2)) / BigInt(MILLION);
}
