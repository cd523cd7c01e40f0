import type { BillingConfig } from '../config/config.js';
import type { Ledger } from '../store/ledger.js';
import type { UsageQuery } from '../store/usage-report.js';
import { type Answer, answering } from './answer.js';
import { parseUsageQuery } from './usage-query.js';
import { usageCsv, usageJson } from './usage-text.js';

/**
 * `GET /api/usage`: sums of requests, tokens and cost, and of what is charged on where there are rules for it.
 *
 * @param query what follows the `?`: `group_by` (dimensions joined by commas; customer when left out), `from`, `to` (ISO or
 *   unix milliseconds; whole quarters of an hour are counted and the answer says which), `time_zone`, any dimension beside the
 *   times as a filter (may be given several times), `limit`, `cursor`, `format` (json or csv)
 * @param within what the caller may see
 */
export function usageReport(
  ledger: Pick<Ledger, 'usage'>,
  query: string,
  { rules }: BillingConfig,
  within?: UsageQuery['within'],
): Promise<Answer> {
  return answering(async () => {
    const { format, ...asked } = parseUsageQuery(query);
    const report = await ledger.usage({
      ...asked,
      ...(within !== undefined && { within }),
      ...(rules.length > 0 && { billing: rules }),
    });
    if (format === 'json') return { contentType: 'application/json', body: usageJson(report) };
    return {
      contentType: 'text/csv; charset=utf-8; header=present',
      body: usageCsv(report),
      ...(report.next !== null && { headers: ['x-headgate-next-cursor', report.next] }),
    };
  });
}
