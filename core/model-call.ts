import type { HeaderList, Verdict } from '@headgate/sdk';
import { Attempt } from './attempt.js';
import { countTokensHere, mayCountHere } from './count-tokens.js';
import type { Exchange } from './exchange.js';
import type { Failure } from './failure.js';
import type { Relay } from './relay/relay.js';
import type { ProviderKey } from './route/key-ring.js';
import type { Speech } from './route/speech.js';
import type { CompiledTarget, ModelRoute } from './route/target.js';
import { encode, upstreamRequest } from './stages/encode.js';
import type { Cause } from './stages/judge.js';
import { openRelay } from './stages/relay.js';
import type { DividedRequest } from './upstream/divided-call.js';
import { inflating } from './upstream/inflate.js';

/** Stages 10–14 of the pipeline: starts the loop over targets and attempts. */
export function attemptTargets(x: Exchange): void {
  x.routedAt = performance.now();
  const call = new ModelCall(x, x.route as ModelRoute);
  x.attempt = call;
  call.next();
}

/** The tries of a request to a model: written for each target by its format, answered in the client's. */
class ModelCall extends Attempt {
  private strip = false;

  constructor(x: Exchange, { retries, totalMs }: ModelRoute) {
    super(x, retries, x.startedAt + Math.min(totalMs, x.timeoutMs));
  }

  protected prepare(target: CompiledTarget, key: ProviderKey): DividedRequest | null {
    const { x } = this;
    const speech = target.speech.get(x.endpoint.format.id) as Speech;
    this.speech = speech;
    const encoded = encode(x, target, speech);
    if (this.refusesFields()) return null;
    this.strip = encoded.strip;
    return upstreamRequest(x, key.headers, speech, encoded);
  }

  protected judge(cause: Cause, headers: HeaderList): Verdict {
    return this.walk.judge(cause, headers);
  }

  protected open(status: number, headers: HeaderList): Relay {
    return inflating(openRelay(this.x, status, headers, this.speech as Speech, this.strip), headers);
  }

  protected override fail(failure: Failure): void {
    if (!mayCountHere(this.x, failure)) {
      super.fail(failure);
      return;
    }
    try {
      void countTokensHere(this.x, (this.target as CompiledTarget).model);
    } catch {
      // Nobody here understands the request either.
      super.fail(failure);
    }
  }
}
