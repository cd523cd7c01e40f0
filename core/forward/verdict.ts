import type { HeaderList, Verdict } from '@headgate/sdk';
import { DEFAULT_RETRIES } from '../config/resolve-models.js';
import type { Exchange } from '../exchange.js';
import type { Speech } from '../route/speech.js';
import type { Retries } from '../route/target.js';
import { type Cause, type Judged, judge } from '../stages/judge.js';

/** What may be done twice without harm is tried again; what makes something is not, unless a model's own chain says so. */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const ONCE: Retries = {
  ...DEFAULT_RETRIES,
  attempts: 1,
  statuses: new Set(),
  onTimeout: false,
  onConnection: false,
};

/** What becomes of a try, from the head of its answer or from why there is none. */
export function verdictOn(
  x: Exchange,
  cause: Cause,
  headers: HeaderList,
  given: Omit<Judged, 'retries'>,
): Verdict {
  // Some paths need more than a key may do: no reason to take the key for a bad one.
  if (cause === 403) return { action: 'fail' };
  const verdict = judge(cause, headers, { ...given, retries: retriesOf(x) });
  if (!x.incoming.body.streamed || x.forward?.form?.whole === true || verdict.action === 'relay')
    return verdict;
  // What was sent on is nowhere any more.
  return { action: 'fail' };
}

function retriesOf(x: Exchange): Retries {
  return x.route?.retries ?? (REPEATABLE.has(x.incoming.method) ? DEFAULT_RETRIES : ONCE);
}

/** For errors: the provider's words are in the client's format. */
export function speechOf(x: Exchange): Speech {
  return { format: x.endpoint.format, path: { whole: '', streamed: '' }, same: true, codec: null };
}
