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
      if (owner === null) bill(x, target, batch, mark);
    });
  if (known === null) bill(x, target, batch, mark);
}

function bill(x: Exchange, target: CompiledTarget, { model, usage }: FinishedBatch, mark: string): void {
  x.io.objects.remember([mark], { provider: target.provider.id, key: '' });
  x.usage = usage;
  x.target = targetOf(target, model);
}
