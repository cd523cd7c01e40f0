import type { Framing, WireFormat } from '@headgate/sdk';
import { type SaidIn, saidIn } from '../relay/answer-said.js';
import { compileFields, type FieldSet } from '../wire/json-fields.js';
import { FieldSpans } from '../wire/json-spans.js';

/** Indexes of the two fields every endpoint looks for. */
export const MODEL_FIELD = 0;
export const STREAM_FIELD = 1;

/** What a path says beside its format. */
export interface EndpointTraits {
  /** Requests stream that do not say otherwise in their body. */
  readonly streams: boolean;
  /** Framing of a stream that was not asked for as Server-Sent Events by `alt=sse` in the query. */
  readonly otherFraming: Framing | null;
}

/** A path of a client API that carries model requests. */
export class Endpoint {
  /** Top-level fields that are looked for in its bodies; `model` and `stream` come first. */
  readonly fields: FieldSet;
  readonly streams: boolean;
  readonly otherFraming: Framing | null;
  /** See WireFormat.foreignSeals; null when there are none, as in most formats. */
  readonly foreignSeals: readonly Buffer[] | null;
  /** Places among the fields of those that name an object. */
  readonly objectFields: readonly number[];
  /** See WireFormat.answerWords; null when nothing is known. */
  readonly said: SaidIn | null;
  private readonly idle: FieldSpans[] = [];

  constructor(
    readonly path: string,
    readonly format: WireFormat,
    /** Fields that some provider wants renamed, and what to. */
    renamed: readonly string[],
    traits: EndpointTraits = { streams: format.streamByDefault === true, otherFraming: null },
  ) {
    this.fields = compileFields([...new Set(['model', 'stream', ...format.fields, ...renamed])], {
      inside: format.objectIds ?? [],
    });
    const names: readonly string[] = this.fields.names;
    this.objectFields = (format.objectIds ?? []).map((name) => names.indexOf(name)).filter((at) => at >= 0);
    this.streams = traits.streams;
    this.otherFraming = traits.otherFraming;
    this.said = format.answerWords === undefined ? null : saidIn(format.answerWords);
    this.foreignSeals = format.foreignSeals?.map((seal) => Buffer.from(seal)) ?? null;
  }

  /** Room for one scan's offsets; given back when the request is settled, so that requests allocate none. */
  takeSpans(): FieldSpans {
    return this.idle.pop() ?? new FieldSpans(this.fields);
  }

  giveBack(spans: FieldSpans): void {
    if (this.idle.length < 256) this.idle.push(spans);
  }
}
