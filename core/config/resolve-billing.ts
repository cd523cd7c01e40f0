import { instantOf, QUARTER_MS } from '@headgate/sdk';
import type { BillRule } from '../store/bill-rules.js';
import type { BillingConfig } from './config.js';
import type { ParsedConfig } from './schema.js';

const NANO = 1e9;
const WHOLE_PPM = 1_000_000;

export function resolveBilling(parsed: ParsedConfig['billing']): BillingConfig {
  const timeZone = parsed.time_zone ?? 'UTC';
  const named = Object.entries(parsed.named).toSorted(([one], [other]) => (one < other ? -1 : 1));
  // Sorting keeps the order of what is alike.
  const rules = [...parsed.rules, ...named.map(([, rule]) => rule)].toSorted(
    (one, other) => one.order - other.order,
  );
  return { timeZone, rules: rules.map((rule) => billRule(rule, timeZone)) };
}

function billRule(rule: ParsedConfig['billing']['rules'][number], timeZone: string): BillRule {
  const { markup, discount, per_million_usd: fixed, per_request_usd: request = 0 } = rule;
  const slot = (date: string | undefined): number | null =>
    date === undefined ? null : Math.floor(instantOf(timeZone, Date.parse(date)) / QUARTER_MS);
  return {
    match: rule.match as BillRule['match'],
    fromSlot: slot(rule.from),
    toSlot: slot(rule.to),
    costPpm: WHOLE_PPM + ppm(markup) - ppm(discount),
    requestNano: Math.round(request * NANO),
    tokens:
      fixed === undefined
        ? null
        : {
            input: Math.round(fixed.input * NANO),
            output: Math.round(fixed.output * NANO),
            cacheRead: Math.round((fixed.cache_read ?? fixed.input) * NANO),
          },
  };
}

/** Of a percentage with at most four decimals: exact. */
function ppm(percent: string | undefined): number {
  return percent === undefined ? 0 : Math.round(Number(percent.slice(0, -1)) * 10_000);
}
