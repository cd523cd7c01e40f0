import type { WireFormat } from '@headgate/sdk';
import { compileFields, type FieldSet } from '../wire/json-fields.js';
import { FieldSpans } from '../wire/json-spans.js';

/** Indexes of the two fields every endpoint looks for. */
export const MODEL_FIELD = 0;
export const STREAM_FIELD = 1;

/** A path of a client API that carries model requests. */
export class Endpoint {
  /** Top-level fields that are looked for in its bodies; `model` and `stream` come first. */
  readonly fields: FieldSet;
  private readonly idle: FieldSpans[] = [];

  constructor(
    readonly path: string,
    readonly format: WireFormat,
    /** Fields that some provider wants renamed, and what to. */
    renamed: readonly string[],
  ) {
    this.fields = compileFields([...new Set(['model', 'stream', ...format.fields, ...renamed])]);
  }

  /** Room for one scan's offsets; given back when the request is settled, so that requests allocate none. */
  takeSpans(): FieldSpans {
    return this.idle.pop() ?? new FieldSpans(this.fields);
  }

  giveBack(spans: FieldSpans): void {
    if (this.idle.length < 256) this.idle.push(spans);
  }
}

interface ClientPath {
  path: string;
  format: string;
  /** The same path under these serves SDKs that want a base of their own. */
  prefixes: readonly string[];
}

/** Client API paths and their wire formats. */
export const clientPaths: readonly ClientPath[] = [
  { path: '/v1/chat/completions', format: 'openai-chat', prefixes: ['/openai'] },
  { path: '/v1/completions', format: 'openai-completions', prefixes: ['/openai'] },
  { path: '/v1/embeddings', format: 'openai-embeddings', prefixes: ['/openai'] },
  { path: '/v1/messages', format: 'anthropic-messages', prefixes: ['/anthropic'] },
  { path: '/v1/messages/count_tokens', format: 'anthropic-count-tokens', prefixes: ['/anthropic'] },
];
