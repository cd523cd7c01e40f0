import type { JsonObject, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { openaiErrorFrom } from '../shared/openai-error.js';
import { hasOpenaiCounts, openaiUsageFrom } from '../shared/openai-usage.js';
import { eventObject } from '../shared/parse-json.js';
import { count, extraOf, isObject, numberOr, stringOr } from '../shared/read-json.js';
import { ChoiceDecoder } from './choice-decode.js';
import { finishOf, OPENAI_CHAT } from './types.js';

type Emit = (event: StreamEvent) => void;

const CHUNK_KEYS = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'service_tier',
  'obfuscation',
]);

export class OpenaiChatStreamDecoder implements StreamDecoder {
  private started = false;
  private over = false;
  private readonly choices = new Map<number, ChoiceDecoder>();
  private emit: Emit = () => {};
  /** One emit for all choices, so that they can be made once though every call brings its own. */
  private readonly forward: Emit = (event) => this.emit(event);

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    this.emit = emit;
    if (data === '[DONE]') {
      this.complete();
      return;
    }
    const chunk = eventObject(data);
    if (chunk['error'] != null) {
      this.fail(chunk);
      return;
    }
    const choices = chunk['choices'];
    const list = Array.isArray(choices) ? choices : [];
    // Azure opens with a chunk about the prompt that has neither id nor choices.
    if (!this.started && (list.length > 0 || stringOr(chunk['id'], '') !== '')) this.start(chunk);
    for (let i = 0; i < list.length; i++) {
      const choice = list[i];
      if (isObject(choice)) this.choice(choice, i);
    }
    const usage = this.usageOf(chunk);
    if (usage !== undefined) {
      if (!this.started) this.start(chunk);
      emit({ type: 'usage', usage: openaiUsageFrom(usage, chunk['service_tier']) });
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    this.emit = emit;
    let finished = this.choices.size > 0;
    for (const choice of this.choices.values()) finished &&= choice.finished;
    if (finished) {
      this.complete();
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

  private start(chunk: JsonObject): void {
    this.started = true;
    const event: StreamEvent = {
      type: 'start',
      id: stringOr(chunk['id'], ''),
      model: stringOr(chunk['model'], ''),
      created: numberOr(chunk['created'], Math.floor(Date.now() / 1000)),
      origin: OPENAI_CHAT,
    };
    if (typeof chunk['service_tier'] === 'string') event.serviceTier = chunk['service_tier'];
    const extra = extraOf(chunk, CHUNK_KEYS);
    if (extra !== undefined) event.extra = extra;
    this.emit(event);
  }

  private choice(json: JsonObject, position: number): void {
    const index = typeof json['index'] === 'number' ? count(json['index']) : position;
    let choice = this.choices.get(index);
    if (choice === undefined) {
      choice = new ChoiceDecoder(index, this.forward);
      this.choices.set(index, choice);
    }
    // Some servers repeat the finish reason, or send an empty delta after it.
    if (choice.finished) return;
    const delta = json['delta'];
    const logprobs = json['logprobs'];
    if (isObject(delta)) choice.delta(delta, logprobs === null ? undefined : logprobs);
    else if (delta !== undefined && delta !== null)
      throw new MalformedBody(`'choices[${position}].delta' must be an object`, `choices[${position}].delta`);
    const raw = json['finish_reason'];
    if (typeof raw === 'string' && raw !== '') choice.finish(finishOf(raw), raw);
  }

  /** Groq reports usage in its own member where it was not asked for. */
  private usageOf(chunk: JsonObject): JsonObject | undefined {
    const usage = chunk['usage'];
    if (isObject(usage) && hasOpenaiCounts(usage)) return usage;
    const groq = chunk['x_groq'];
    if (!isObject(groq)) return undefined;
    const inner = groq['usage'];
    return isObject(inner) && hasOpenaiCounts(inner) ? inner : undefined;
  }

  private fail(chunk: JsonObject): void {
    this.over = true;
    const error = openaiErrorFrom(200, chunk);
    this.emit({
      type: 'error',
      error: error ?? {
        kind: 'upstream',
        status: 502,
        code: 'upstream_error',
        message: 'The provider gave no message',
      },
    });
  }

  /** `[DONE]`: choices that never said why they ended did so because they were done. */
  private complete(): void {
    this.over = true;
    if (!this.started) this.start({});
    for (const choice of this.choices.values()) choice.finish(undefined, undefined);
    this.emit({ type: 'end' });
  }
}
