import type { FinishedBatch } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { targetOf } from './choose.js';

/** What the store remembers of an answer made in the background when it has been billed. */
const markOf = (provider: string, id: string): string => `answered ${provider} ${id}`;

/** Bills what a provider made in the background to whoever reads first that it is done. */
export function billAnswer(x: Exchange, answer: FinishedBatch): Promise<void> {
  return billOnce(x, answer, markOf(x.target?.provider.id ?? '', answer.id), true);
}

/**
 * Bills it to the first who asks with this mark. The usage stands in the request from the start, so that it is not lost if
 * the client leaves while the store is asked. `answers` as in `ObjectBook.remember`.
 */
export async function billOnce(
  x: Exchange,
  { model, usage }: FinishedBatch,
  mark: string,
  answers: boolean,
): Promise<void> {
  const { target } = x;
  if (target === null) return;
  const { provider } = target;
  x.usage = usage;
  x.target = targetOf(target, model);
  const first = await x.io.objects.claim(mark, provider.id, x.id, answers);
  if (first || x.settled) return;
  x.usage = null;
  x.target = target;
}

/** An answer in the background was read to its end by the request that made it: later reads of it cost nothing. */
export function answerBilled(x: Exchange): void {
  const { conversation, target, usage } = x;
  if (conversation === null || target === null || usage === null || conversation.passedId === '') return;
  // A failed store has been told of; the answer is billed here in any case.
  void x.io.objects.claim(markOf(target.provider.id, conversation.passedId), target.provider.id, x.id, true);
}
