import type { Reply } from '@headgate/sdk';
import { answerWithReply } from '../answer.js';
import type { Exchange } from '../exchange.js';
import type { Wait } from '../pipeline.js';
import { runGate } from '../plan/run-gate.js';
import { viewOf } from '../view.js';

/** Stage 8. The request gates: limits, budgets, caches, guards, prompt edits. The first that replies ends the request. */
export function check(x: Exchange): Wait | undefined {
  const gates = x.plan?.request ?? null;
  if (gates === null) return undefined;
  x.checkAt = performance.now();
  const answer = runGate<Reply>(gates, viewOf(x), x, x.checkAt);
  if (answer instanceof Promise) return answer.then((reply) => take(x, reply));
  take(x, answer);
  return undefined;
}

function take(x: Exchange, reply: Reply | undefined): void {
  x.checkedAt = performance.now();
  if (reply !== undefined && !x.answered) answerWithReply(x, reply);
}
