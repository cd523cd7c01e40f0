import type { Ledger } from '../store/ledger.js';
import { BadParameter, parseUsageQuery, type UsageRequest } from './usage-query.js';
import { usageCsv, usageJson } from './usage-text.js';

/** An answer of the admin API. */
export interface UsageAnswer {
  status: number;
  contentType: string;
  body: string;
}

const JSON_TYPE = 'application/json';

/**
 * `GET /api/usage`: sums of requests, tokens and cost.
 *
 * @param query what follows the `?`: `group_by` (customer, key, model, provider, day, hour; customer when left out),
 *   `from`, `to` (ISO or unix milliseconds; whole hours are counted and the answer says which), `customer`, `key` (id or
 *   name), `format` (json or csv)
 */
export async function usageReport(ledger: Pick<Ledger, 'usage'>, query: string): Promise<UsageAnswer> {
  let request: UsageRequest;
  try {
    request = parseUsageQuery(query);
  } catch (error) {
    if (!(error instanceof BadParameter)) throw error;
    return refusal(400, 'invalid_parameter', error.message, error.param);
  }
  const { format, ...asked } = request;
  try {
    const report = await ledger.usage(asked);
    return format === 'csv'
      ? { status: 200, contentType: 'text/csv; charset=utf-8; header=present', body: usageCsv(report) }
      : { status: 200, contentType: JSON_TYPE, body: usageJson(report) };
  } catch (error) {
    return refusal(503, 'usage_unavailable', error instanceof Error ? error.message : String(error));
  }
}

function refusal(status: number, code: string, message: string, param?: string): UsageAnswer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify({ error: { code, message, param } }) };
}
