import type { FinishReason, JsonObject, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { bedrockErrorFrom, exceptionOf } from '../shared/bedrock-error.js';
import { eventObject } from '../shared/parse-json.js';
import { count, extraOf, isObject } from '../shared/read-json.js';
import { routedModel, stopSequenceOf } from './response.js';
import { StreamBlocks } from './stream-blocks.js';
import { BEDROCK_CONVERSE, finishOf } from './types.js';
import { bedrockUsageFrom, hasBedrockCounts, usageExtra } from './usage.js';

type Emit = (event: StreamEvent) => void;

const STOP_KEYS = new Set(['stopReason', 'p']);
/** `p` pads events to one length, so that nobody can tell the text from its size. */
const METADATA_KEYS = new Set(['usage', 'p']);

/**
 * `finish` waits for `metadata`, which comes right after `messageStop`, so that the trace and the metrics in it can
 * travel with it.
 */
export class BedrockStreamDecoder implements StreamDecoder {
  private started = false;
  private over = false;
  private reason: FinishReason | null = null;
  private raw: string | undefined;
  private stopSequence: string | undefined;
  private extra: JsonObject = {};
  private readonly blocks = new StreamBlocks();

  push(event: string, data: string, emit: Emit): void {
    if (this.over) return;
    const json = eventObject(data);
    if (event !== '') {
      this.take(event, json, emit);
      return;
    }
    // The union as the API reference writes it, `{ messageStart: … }`, where a proxy took the messages apart.
    for (const key of Object.keys(json)) {
      const inner = json[key];
      if (isObject(inner) && !this.over) this.take(key, inner, emit);
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    if (this.reason !== null) {
      this.complete(emit);
      return;
    }
    this.over = true;
    emit({
      type: 'error',
      error: {
        kind: 'upstream',
        status: 502,
        code: 'stream_interrupted',
        message: 'The provider closed the stream before its answer was complete',
      },
    });
  }

  private take(event: string, json: JsonObject, emit: Emit): void {
    const exception = exceptionOf(event);
    if (exception !== undefined) {
      this.over = true;
      emit({ type: 'error', error: bedrockErrorFrom(200, json, exception) });
      return;
    }
    // Nothing belongs to the answer any more once it has stopped.
    if (this.reason !== null && event.startsWith('contentBlock')) return;
    switch (event) {
      case 'contentBlockDelta':
        this.ensureStarted(emit);
        this.blocks.delta(count(json['contentBlockIndex']), json['delta'], emit);
        break;
      case 'contentBlockStart':
        this.ensureStarted(emit);
        if (!isObject(json['start'])) throw new MalformedBody("'start' must be an object", 'start');
        this.blocks.start(count(json['contentBlockIndex']), json['start'], emit);
        break;
      case 'contentBlockStop':
        this.blocks.stop(count(json['contentBlockIndex']), emit);
        break;
      case 'messageStart':
        this.ensureStarted(emit);
        break;
      case 'messageStop':
        this.messageStop(json, emit);
        break;
      case 'metadata':
        this.metadata(json, emit);
        break;
    }
  }

  private ensureStarted(emit: Emit, model = ''): void {
    if (this.started) return;
    this.started = true;
    emit({
      type: 'start',
      id: '',
      model,
      created: Math.floor(Date.now() / 1000),
      origin: BEDROCK_CONVERSE,
    });
  }

  private messageStop(json: JsonObject, emit: Emit): void {
    this.ensureStarted(emit);
    if (this.reason !== null) return;
    this.blocks.closeAll(emit);
    const raw = json['stopReason'];
    if (typeof raw === 'string') {
      this.raw = raw;
      this.reason = finishOf(raw);
    } else this.reason = this.blocks.called ? 'tool-calls' : 'stop';
    this.stopSequence = stopSequenceOf(json['additionalModelResponseFields']);
    Object.assign(this.extra, extraOf(json, STOP_KEYS));
  }

  private metadata(json: JsonObject, emit: Emit): void {
    this.ensureStarted(emit, routedModel(json['trace']));
    Object.assign(this.extra, extraOf(json, METADATA_KEYS));
    const { usage } = json;
    const counted = isObject(usage) && hasBedrockCounts(usage);
    const kept = counted ? usageExtra(usage) : undefined;
    if (kept !== undefined) this.extra['usage'] = kept;
    if (counted) emit({ type: 'usage', usage: bedrockUsageFrom(usage, json['serviceTier']) });
    if (this.reason !== null) this.complete(emit);
  }

  private complete(emit: Emit): void {
    this.over = true;
    const finish: StreamEvent = { type: 'finish', choice: 0, reason: this.reason ?? 'stop' };
    if (this.raw !== undefined) finish.raw = this.raw;
    if (this.stopSequence !== undefined) finish.stopSequence = this.stopSequence;
    if (Object.keys(this.extra).length > 0) finish.extra = this.extra;
    emit(finish);
    emit({ type: 'end' });
  }
}
