import type { CanonicalError } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import type { Ledger } from '../store/ledger.js';
import { BadParameter, parseUsageQuery, type UsageRequest } from './usage-query.js';
import { usageCsv, usageJson } from './usage-text.js';

/** The report as it is sent, or why there is none. */
export type AdminAnswer = { contentType: string; body: string } | { error: CanonicalError };

/**
 * `GET /api/usage`: sums of requests, tokens and cost.
 *
 * @param query what follows the `?`: `group_by` (customer, key, model, provider, day, hour; customer when left out),
 *   `from`, `to` (ISO or unix milliseconds; whole hours are counted and the answer says which), `customer`, `key` (id or
 *   name), `format` (json or csv)
 */
export async function usageReport(ledger: Pick<Ledger, 'usage'>, query: string): Promise<AdminAnswer> {
  let request: UsageRequest;
  try {
    request = parseUsageQuery(query);
  } catch (error) {
    if (!(error instanceof BadParameter)) throw error;
    return { error: { ...canonicalError('invalid_parameter', { why: error.message }), param: error.param } };
  }
  const { format, ...asked } = request;
  try {
    const report = await ledger.usage(asked);
    return format === 'csv'
      ? { contentType: 'text/csv; charset=utf-8; header=present', body: usageCsv(report) }
      : { contentType: 'application/json', body: usageJson(report) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { error: canonicalError('usage_unavailable', { why }) };
  }
}
