import type { JsonObject, StreamDecoder, StreamEvent } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { geminiErrorFrom } from '../shared/gemini-error.js';
import { tryParse } from '../shared/parse-json.js';
import { count, extraOf, isObject, stringOr } from '../shared/read-json.js';
import { blockedFinish, CandidateDecoder } from './candidate-decode.js';
import { addSearches, groundingOf } from './grounding.js';
import { blockReasonOf, createdOf, RESPONSE_KEYS } from './response.js';
import { GEMINI } from './types.js';
import { geminiUsageFrom, hasGeminiCounts, usageRest } from './usage.js';

type Emit = (event: StreamEvent) => void;

/** Reads `GenerateContentResponse` pieces. Nothing marks their end but the end of the stream. */
export class GeminiStreamDecoder implements StreamDecoder {
  private started = false;
  private over = false;
  private id = '';
  private blocked: string | undefined;
  private grounding: JsonObject | undefined;
  private readonly candidates = new Map<number, CandidateDecoder>();
  private emit: Emit = () => {};
  /** One emit for all candidates, so that they can be made once though every call brings its own. */
  private readonly forward: Emit = (event) => this.emit(event);

  push(_event: string, data: string, emit: Emit): void {
    if (this.over) return;
    this.emit = emit;
    const parsed = tryParse(data);
    // An error, above all, may stand in an array of one.
    const chunks = Array.isArray(parsed) && parsed.length > 0 ? parsed : [parsed];
    for (const chunk of chunks) {
      if (!isObject(chunk)) throw new MalformedBody('a stream event must hold a JSON object');
      if (!this.over) this.chunk(chunk);
    }
  }

  end(emit: Emit): void {
    if (this.over) return;
    this.emit = emit;
    this.over = true;
    let finished = this.candidates.size > 0 || this.blocked !== undefined;
    for (const candidate of this.candidates.values()) finished &&= candidate.finished;
    if (!finished) {
      emit({
        type: 'error',
        error: {
          kind: 'upstream',
          status: 502,
          code: 'stream_interrupted',
          message: 'The provider closed the stream before its answer was complete',
        },
      });
      return;
    }
    for (const candidate of this.candidates.values()) candidate.finish();
    if (this.candidates.size === 0 && this.blocked !== undefined) emit(blockedFinish(this.blocked));
    emit({ type: 'end' });
  }

  private chunk(chunk: JsonObject): void {
    if (chunk['error'] != null) {
      this.fail(chunk);
      return;
    }
    const usage = chunk['usageMetadata'];
    const list = Array.isArray(chunk['candidates']) ? chunk['candidates'] : [];
    if (!this.started) this.start(chunk, usage);
    this.blocked ??= blockReasonOf(chunk);
    for (let i = 0; i < list.length; i++) {
      const candidate = list[i];
      if (isObject(candidate)) this.candidate(candidate, i);
    }
    this.grounding = groundingOf(list) ?? this.grounding;
    if (!isObject(usage) || !hasGeminiCounts(usage)) return;
    const counted = geminiUsageFrom(usage);
    addSearches(counted, this.grounding);
    this.emit({ type: 'usage', usage: counted });
  }

  private start(chunk: JsonObject, usage: JsonObject[string]): void {
    this.started = true;
    this.id = stringOr(chunk['responseId'], '');
    const event: StreamEvent = {
      type: 'start',
      id: this.id,
      model: stringOr(chunk['modelVersion'], ''),
      created: createdOf(chunk),
      origin: GEMINI,
    };
    const extra: JsonObject = extraOf(chunk, RESPONSE_KEYS) ?? {};
    // What the first piece says of the answer's own tokens is out of date by the last.
    const {
      candidatesTokensDetails: _,
      toolUsePromptTokenCount: __,
      ...rest
    } = (isObject(usage) ? usageRest(usage) : undefined) ?? {};
    if (Object.keys(rest).length > 0) extra['usageMetadata'] = rest;
    if (Object.keys(extra).length > 0) event.extra = extra;
    this.emit(event);
  }

  private candidate(json: JsonObject, position: number): void {
    const index = typeof json['index'] === 'number' ? count(json['index']) : position;
    let candidate = this.candidates.get(index);
    if (candidate === undefined) {
      candidate = new CandidateDecoder(index, this.id, this.forward);
      this.candidates.set(index, candidate);
    }
    candidate.chunk(json, `candidates[${position}]`);
  }

  private fail(chunk: JsonObject): void {
    this.over = true;
    const error = geminiErrorFrom(200, chunk);
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
}
