import type { HeaderList } from '@headgate/sdk';
import type { Exchange } from './exchange.js';
import type { CompiledTarget } from './route/target.js';
import { type Cause, retryAfterMs } from './stages/judge.js';

/** The target of an attempt is told what came of it, and people are when it is passed over from now on, or no longer. */

/** Nothing came in time, or what came broke off. */
export function targetFailed({ io }: Exchange, target: CompiledTarget, begunAt: number): void {
  const { standing, provider, model } = target;
  if (standing === null) return;
  const { ejection, rules } = standing;
  const ms = ejection.failed(rules, begunAt, performance.now());
  if (ms > 0)
    io.log.warn('a target is passed over, as long as others of its model can be asked', {
      provider: provider.id,
      model,
      failed_in_row: ejection.inRow,
      for_ms: ms,
    });
}

/** A whole answer has come. */
export function targetAnswered(target: CompiledTarget | null, begunAt: number): void {
  target?.standing?.ejection.answered(begunAt);
}

/**
 * The head of an answer, or its absence.
 *
 * @param otherKey the target has another credential to ask with, so that its answer says nothing of all of it
 */
export function targetHeard(
  x: Exchange,
  target: CompiledTarget,
  cause: Cause,
  headers: HeaderList,
  begunAt: number,
  otherKey: boolean,
): void {
  const { standing, provider, model } = target;
  if (standing === null) return;
  if (hasFailed(cause)) {
    // One that says when it wants to be asked again is well: until then its credentials rest.
    if (!otherKey && !(cause === 429 && retryAfterMs(headers) !== undefined))
      targetFailed(x, target, begunAt);
    return;
  }
  const { ejection } = standing;
  if (ejection.answers(begunAt))
    x.io.log.info('a target that was passed over answers again', { provider: provider.id, model });
  // What is wrong with a request is said by a target that is well.
  if (typeof cause === 'number' && cause >= 400) ejection.answered(begunAt);
}

/** The target's own failure. */
function hasFailed(cause: Cause): boolean {
  if (typeof cause !== 'number') return true;
  return cause >= 500 || cause === 401 || cause === 403 || cause === 408 || cause === 429;
}
