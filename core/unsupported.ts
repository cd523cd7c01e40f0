import { canonicalError } from './errors.js';
import type { Exchange } from './exchange.js';
import { failWith } from './fail.js';

/**
 * What becomes of fields that the target's format has no words for (`x.dropped`): nothing is said of them, a header names
 * them, or the target is not asked at all. Returns them in that last case, else null. The model's own setting counts, then
 * the gateway's.
 */
export function refusedFields(x: Exchange): readonly string[] | null {
  const { config } = x.runtime;
  const policy = config.models.get(x.route?.name ?? '')?.onUnsupported ?? config.onUnsupported;
  if (policy === 'warn') return null;
  const fields = x.dropped;
  x.dropped = null;
  return policy === 'reject' ? fields : null;
}

/** The client hears which fields it was about. */
export function answerUnsaid(x: Exchange, fields: readonly string[]): void {
  const named = fields.map((field) => `"${field}"`).join(', ');
  const error = canonicalError('unsupported_fields', { model: x.model, fields: named });
  const [only] = fields;
  failWith(x, fields.length === 1 && only !== undefined ? { ...error, param: only } : error);
}
