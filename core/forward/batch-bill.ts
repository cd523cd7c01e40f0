import type { FinishedBatch } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { billOnce } from './answer-bill.js';

/**
 * Bills a batch to whoever reads that it is done, the first time that anybody does: it tells what it used as often as it
 * is read. That it was billed is kept where the owners of objects are, so that neither a restart nor another thread bills it
 * again.
 */
export function billBatch(x: Exchange, batch: FinishedBatch): Promise<void> {
  return billOnce(x, batch, `billed ${x.target?.provider.id} ${batch.id}`, false);
}
