import type { JsonObject, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { openaiErrorFrom } from '../shared/openai-error.js';
import { hasOpenaiCounts, openaiUsageFrom } from '../shared/openai-usage.js';
import { eventObject } from '../shared/parse-json.js';
import { count, extraOf, isObject, numberOr, stringOr } from '../shared/read-json.js';
import { finishOf, OPENAI_COMPLETIONS } from './types.js';

type Emit = (event: StreamEvent) => void;

const CHUNK_KEYS = new Set(['id', 'object', 'created', 'model', 'choices', 'usage']);

export class OpenaiCompletionsStreamDecoder implements StreamDecoder {
  private started = false;
  private over = false;
  /** Choices whose text part is open (false) or that are finished (true). */
  private readonly choices = new Map<number, boolean>();

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    if (data === '[DONE]') {
      this.complete(emit);
      return;
    }
    const chunk = eventObject(data);
    if (chunk['error'] != null) {
      this.over = true;
      const error = openaiErrorFrom(200, chunk);
      emit({
        type: 'error',
        error: error ?? {
          kind: 'upstream',
          status: 502,
          code: 'upstream_error',
          message: 'The provider gave no message',
        },
      });
      return;
    }
    const choices = Array.isArray(chunk['choices']) ? chunk['choices'] : [];
    if (!this.started && (choices.length > 0 || stringOr(chunk['id'], '') !== '')) this.start(chunk, emit);
    choices.forEach((choice, i) => {
      if (isObject(choice)) this.choice(choice, i, emit);
    });
    const usage = chunk['usage'];
    if (!isObject(usage) || !hasOpenaiCounts(usage)) return;
    if (!this.started) this.start(chunk, emit);
    emit({ type: 'usage', usage: openaiUsageFrom(usage) });
  }

  end(emit: Emit): void {
    if (this.over) return;
    let finished = this.choices.size > 0;
    for (const done of this.choices.values()) finished &&= done;
    if (finished) {
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

  private start(chunk: JsonObject, emit: Emit): void {
    this.started = true;
    const event: StreamEvent = {
      type: 'start',
      id: stringOr(chunk['id'], ''),
      model: stringOr(chunk['model'], ''),
      created: numberOr(chunk['created'], Math.floor(Date.now() / 1000)),
      origin: OPENAI_COMPLETIONS,
    };
    const extra = extraOf(chunk, CHUNK_KEYS);
    if (extra !== undefined) event.extra = extra;
    emit(event);
  }

  private choice(json: JsonObject, position: number, emit: Emit): void {
    const choice = typeof json['index'] === 'number' ? count(json['index']) : position;
    const done = this.choices.get(choice);
    if (done === true) return;
    if (done === undefined) {
      this.choices.set(choice, false);
      emit({ type: 'part-start', choice, part: 0, kind: 'text' });
    }
    const text = stringOr(json['text'], '');
    const logprobs = json['logprobs'];
    if (logprobs !== undefined && logprobs !== null)
      emit({ type: 'part-delta', choice, part: 0, text, logprobs });
    else if (text !== '') emit({ type: 'part-delta', choice, part: 0, text });
    const raw = json['finish_reason'];
    if (typeof raw === 'string' && raw !== '') this.finish(choice, raw, emit);
  }

  private finish(choice: number, raw: string | undefined, emit: Emit): void {
    this.choices.set(choice, true);
    emit({ type: 'part-end', choice, part: 0 });
    if (raw === undefined) emit({ type: 'finish', choice, reason: 'stop' });
    else emit({ type: 'finish', choice, reason: finishOf(raw), raw });
  }

  private complete(emit: Emit): void {
    this.over = true;
    if (!this.started) this.start({}, emit);
    for (const [choice, done] of this.choices) if (!done) this.finish(choice, undefined, emit);
    emit({ type: 'end' });
  }
}
