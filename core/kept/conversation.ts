import { randomBytes } from 'node:crypto';
import type { JsonObject, KeptTurn, RequestCodec, StateAsked, StatefulFormat } from '@headgate/sdk';
import { canonicalOf, parsedBody } from '../canonical-of.js';
import type { Exchange } from '../exchange.js';
import type { Owner } from '../forward/owner.js';
import type { Speech } from '../route/speech.js';
import type { CompiledTarget } from '../route/target.js';
import { KeepingSink } from './keeping-sink.js';

const ID_BYTES = 18;
/** Of ids that others have made. */
const MOST_ID = 128;

/** What a request has to do with state: what it goes on from, and who keeps its answer. */
export class Conversation {
  /** What it goes on from, where the gateway keeps that. */
  earlier: KeptTurn | null = null;
  /** The body as the client wrote it, where `earlier` was put into it. */
  original: JsonObject | null = null;
  /** What it goes on from is kept by a provider: by which, and for which of its keys, if that is known. */
  owner: Owner | null = null;
  /** Other targets were left out, since they know nothing of it. */
  tied = false;
  /** The gateway keeps the answer of the running attempt. */
  kept = false;
  /** The provider keeps it. */
  passes = false;
  /** It runs on without its client. */
  detached = false;
  /** Id of an answer that the provider makes in the background. */
  passedId = '';
  sink: KeepingSink | null = null;
  private ownId = '';
  /** The answer's id at the provider, once it is known. */
  private theirId = '';
  private inputText: string | null = null;
  private echoed: JsonObject | null = null;

  constructor(
    readonly state: StatefulFormat,
    readonly asked: StateAsked,
    /** Whether the gateway may keep it. */
    readonly store: boolean,
    /** Id of the virtual key that it belongs to. */
    readonly keyId: string,
  ) {}

  /** The answer's id where the gateway keeps it. Nobody can guess it. */
  get id(): string {
    if (this.ownId === '') this.ownId = this.state.idPrefix + randomBytes(ID_BYTES).toString('hex');
    return this.ownId;
  }

  /** The answer's id, as far as it is kept anywhere and known. */
  get answerId(): string {
    return this.kept ? this.ownId : this.theirId;
  }

  /** Id of what the request goes on from: a conversation, or the answer before. */
  get continues(): string {
    return (this.asked.conversation ?? this.asked.previous ?? '').slice(0, MOST_ID);
  }

  /** An attempt begins: who keeps its answer? */
  meets(target: CompiledTarget, { same, format }: Speech): void {
    this.passes = same && !this.detached && keepsAnswers(target, format.id);
    this.kept = this.detached || (this.store && !this.passes);
  }

  /** An answer begins that may be kept. */
  opens(x: Exchange): void {
    if (!this.kept || this.sink !== null) return;
    this.sink = new KeepingSink(x, this, x.incoming.sink);
    x.incoming = { ...x.incoming, sink: this.sink };
  }

  /** What the answer that is kept repeats of its request. */
  echo(x: Exchange): JsonObject {
    this.echoed ??= this.state.echo(this.original ?? parsedBody(x), this.asked, this.fits(x));
    return this.echoed;
  }

  /** The items up to the answer, as JSON. */
  input(x: Exchange): string {
    this.inputText ??= JSON.stringify(this.items(x));
    return this.inputText;
  }

  /** What was asked is small enough to be kept. */
  fits(x: Exchange): boolean {
    return Buffer.byteLength(this.input(x)) <= x.runtime.config.responses.maxBytes;
  }

  /** An answer passes that the provider keeps: what goes on from it belongs there. */
  passed(x: Exchange, id: string | undefined): void {
    const attempt = x.attempts.at(-1);
    if (!this.passes || !this.asked.store || id === undefined || id === '' || attempt === undefined) return;
    if (this.asked.background) this.passedId = id;
    this.theirId = id.slice(0, MOST_ID);
    const { provider, key } = attempt;
    x.io.objects.remember([id], { provider, key, holder: x.principal?.id || undefined }, true);
  }

  private items(x: Exchange): JsonObject[] {
    if (!x.edited) return this.state.items(this.original ?? parsedBody(x), this.id, this.earlier);
    // What a plugin has taken out of the request is not to be found in the store either.
    const codec = x.endpoint.format.request as RequestCodec;
    const body = codec.encode(canonicalOf(x), { model: x.model, warn() {} });
    return this.state.items(body, this.id, null);
  }
}

/** Whether a target's provider itself keeps answers of the format, which it speaks. */
export function keepsAnswers({ provider, speech }: CompiledTarget, format: string): boolean {
  return speech.get(format)?.same === true && !provider.row.stateless.includes(format);
}

/** What the answer repeats of its request; undefined where the provider says it. */
export function echoOf(x: Exchange): JsonObject | undefined {
  const { conversation } = x;
  return conversation?.kept === true ? conversation.echo(x) : undefined;
}
