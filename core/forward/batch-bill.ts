import type { FinishedBatch } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { CompiledTarget } from '../route/target.js';
import { targetOf } from './choose.js';

/**
 * Bills a batch to whoever reads that it is done, the first time that anybody does: it tells what it used as often as it
 * is read. That it was billed is kept where the owners of objects are, so that a restart does not bill it again.
 */
export function billBatch(x: Exchange, batch: FinishedBatch): void | Promise<void> {
  const { target } = x;
  if (target === null) return;
  const mark = `billed ${target.provider.id} ${batch.id}`;
  const known = x.io.objects.find([mark]);
  if (known instanceof Promise)
    return known.then((owner) => {
      // Whoever asked at the same time may have been billed by now.
      if (owner === null && x.io.objects.knows(mark) === null) bill(x, target, batch, mark);
    });
  if (known === null) bill(x, target, batch, mark);
}

function bill(x: Exchange, target: CompiledTarget, { model, usage }: FinishedBatch, mark: string): void {
  // Its record is written: the client left meanwhile, and who reads the batch next is billed.
  if (x.settled) return;
  x.io.objects.remember([mark], { provider: target.provider.id, key: '' });
  x.usage = usage;
  x.target = targetOf(target, model);
}
