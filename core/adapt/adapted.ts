import {
  type AdapterCall,
  MalformedBody,
  type ProviderAsk,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamSink,
} from '@headgate/sdk';
import { unreadable } from '../canonical-of.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { Forward } from '../forward/forward.js';
import { pathProblem } from '../forward/forward-path.js';
import type { CompiledAdapter } from '../route/compile-adapters.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { CompiledTarget } from '../route/target.js';
import { AdaptedCall } from './adapted-call.js';
import { callNamed } from './adapter-of.js';
import { readCall } from './read-call.js';
import { SoundEvents } from './sound-events.js';
import { inMemory, upstreamRequest } from './upstream-request.js';

/** A call on its way through an adapter to one target. */
export class Adapted {
  /** Set when the first request was made. */
  private call: AdapterCall | null = null;

  constructor(
    private readonly x: Exchange,
    private readonly by: CompiledAdapter,
  ) {}

  /** The first request. Sets the exchange's `dropped`. Rejects with what is wrong with the client's. */
  async prepare(target: CompiledTarget, key: ProviderKey): Promise<UpstreamRequest> {
    const { x, by } = this;
    const asked = await readCall(x);
    const call: AdapterCall = {
      ...asked,
      name: callNamed((x.forward as Forward).path),
      model: target.model,
      path: by.path.replaceAll('{model}', encodeURIComponent(target.model)),
    };
    this.call = call;
    const ask = await this.ask(call);
    // A model's name may have become segments of it.
    const problem = pathProblem(ask.path.split('?', 1)[0] ?? '');
    if (problem !== null) throw gatewayError('invalid_path', { why: problem });
    const unsaid = ask.unsaid ?? [];
    x.dropped = unsaid.length === 0 ? null : [...unsaid];
    const whole = key.signsBody || target.provider.origin === '';
    return upstreamRequest(await inMemory(ask, whole), key.headers);
  }

  private async ask(call: AdapterCall): Promise<ProviderAsk> {
    try {
      return await this.by.adapter.ask(call);
    } catch (error) {
      throw error instanceof MalformedBody ? unreadable(error) : error;
    }
  }

  /** The whole answer is waited for, not its first byte. */
  get whole(): boolean {
    const { adapter } = this.by;
    return adapter.read !== undefined && adapter.passes?.(this.call as AdapterCall) !== true;
  }

  dispatch(
    request: UpstreamRequest,
    target: CompiledTarget,
    sink: UpstreamSink,
    onNonsense: (why: string) => void,
  ): UpstreamCall {
    const { transport, provider, timeouts } = target;
    const transportTo = (origin: string) => provider.transportTo(origin, timeouts.connectMs);
    const { adapter } = this.by;
    const call = this.call as AdapterCall;
    const onUsage = (usage: Forward['usage']): void => {
      (this.x.forward as Forward).usage = usage;
    };
    const asEvents = call.name === 'audio/speech' && call.fields['stream_format'] === 'sse';
    const to = asEvents ? new SoundEvents(sink) : sink;
    return new AdaptedCall({ adapter, call, transport, transportTo, onUsage, onNonsense }, request, to);
  }
}
