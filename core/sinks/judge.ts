import type { SinkAnswer, SinkVerdict } from '@headgate/sdk';
import { partialSuccess } from '../observe/otlp-answer.js';
import { retryAfterMs } from './backoff.js';

/**
 * What an answer means by its status alone. 401, 403 and 404 are mistakes of the configuration: what waits is kept, since somebody
 * will mend them. 400, 413, 422 and the like are about what was sent.
 */
export function judgeStatus({ status, headers, body }: SinkAnswer, now: number): SinkVerdict {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = `it answered ${status}${excerpt(body)}`;
  const about = status === 400 || status === 409 || status === 413 || status === 415 || status === 422;
  if (about) return { kind: 'refused', why };
  const afterMs = retryAfterMs(headers['retry-after'], now);
  return afterMs === undefined ? { kind: 'later', why } : { kind: 'later', why, afterMs };
}

/** The same for OTLP, where spans may be rejected under a status of success. They must not be sent again. */
export function judgeOtlp(answer: SinkAnswer, spansOfRecord: number, now: number): SinkVerdict {
  const verdict = judgeStatus(answer, now);
  if (verdict.kind !== 'taken' || answer.body.length === 0) return verdict;
  // Where one is to sign in, and the like: nobody has taken anything.
  if (answer.headers['content-type']?.includes('text/html') === true)
    return { kind: 'later', why: `it answered ${answer.status} with a page for people` };
  const partial = rejectedIn(answer);
  if (partial === null || partial.rejected === 0) return verdict;
  const refused = Math.ceil(partial.rejected / spansOfRecord);
  return { kind: 'taken', refused, why: `it rejected ${partial.rejected} spans: ${partial.why}` };
}

function rejectedIn({ headers, body }: SinkAnswer): { rejected: number; why: string } | null {
  if (headers['content-type']?.includes('json') !== true) return partialSuccess(body);
  try {
    const { partialSuccess: partial } = JSON.parse(Buffer.from(body).toString('utf8')) as {
      partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string };
    };
    return partial === undefined
      ? null
      : { rejected: Number(partial.rejectedSpans ?? 0) || 0, why: partial.errorMessage ?? '' };
  } catch {
    return null;
  }
}

/** The beginning of what it said, on one line. */
function excerpt(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, 400)).toString('utf8').replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, 200)}`;
}
