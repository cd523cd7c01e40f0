import type { JsonObject, JsonValue } from '@headgate/sdk';
import {
  type Delta,
  members,
  type OutputItem,
  type OutputStream,
  type PartStart,
  place,
} from './stream-output.js';
import { marksOf } from './types.js';

interface OpenText {
  number: number;
  refusal: boolean;
  index: number;
  json: JsonObject;
  text: string;
  logprobs: JsonValue[];
  annotations: JsonValue[];
  /** Event of a delta up to what the model wrote. */
  head: string;
}

/** A message: its texts and refusals, one after the other. */
export class MessageOutput implements OutputItem {
  readonly kind = 'message';
  private readonly base: JsonObject;
  private readonly at: string;
  private readonly content: JsonObject[] = [];
  private open: OpenText | null = null;
  private count = 0;
  private begun = false;

  constructor(
    start: PartStart,
    private readonly index: number,
    private readonly stream: OutputStream,
  ) {
    this.base = { ...members(start, 'msg', index, stream), type: 'message' };
    this.at = place(this.base, index);
  }

  private item(status: string, content: JsonObject[]): JsonObject {
    return { ...this.base, status, role: 'assistant', content };
  }

  part(start: PartStart): string {
    const before = this.closePart();
    const added = this.begun ? '' : this.added();
    const refusal = start.kind === 'refusal';
    const own = this.stream.same ? marksOf(start).part : undefined;
    const index = this.count++;
    const at = `${this.at},"content_index":${index}`;
    const type = refusal ? 'response.refusal.delta' : 'response.output_text.delta';
    const json: JsonObject = refusal
      ? { ...own, type: 'refusal', refusal: '' }
      : { ...own, type: 'output_text', text: '', annotations: [], logprobs: [] };
    this.open = {
      number: start.part,
      refusal,
      index,
      json,
      text: '',
      logprobs: [],
      annotations: [],
      head: `event: ${type}\ndata: {"type":"${type}",${at},"delta":`,
    };
    const part = this.stream.events.event(
      'response.content_part.added',
      `${at},"part":${JSON.stringify(json)}`,
    );
    return before + added + part;
  }

  private added(): string {
    this.begun = true;
    const item = JSON.stringify(this.item('in_progress', []));
    return this.stream.events.event(
      'response.output_item.added',
      `"output_index":${this.index},"item":${item}`,
    );
  }

  delta(event: Delta): string {
    const { open } = this;
    if (open === null || open.number !== event.part) return '';
    if (event.citation !== undefined) return this.stream.same ? this.annotation(open, event.citation) : '';
    if (event.text === '' && event.logprobs === undefined) return '';
    open.text += event.text;
    const delta = JSON.stringify(event.text);
    if (open.refusal) return this.stream.events.tail(`${open.head}${delta}`);
    const logprobs = this.stream.events.logprobs(event.logprobs);
    if (logprobs.length > 0) open.logprobs.push(...logprobs);
    return this.stream.events.tail(
      `${open.head}${delta},"logprobs":${logprobs.length === 0 ? '[]' : JSON.stringify(logprobs)}`,
    );
  }

  private annotation(open: OpenText, citation: JsonValue): string {
    const index = open.annotations.push(citation) - 1;
    return this.stream.events.event(
      'response.output_text.annotation.added',
      `${this.at},"content_index":${open.index},"annotation_index":${index},"annotation":${JSON.stringify(citation)}`,
    );
  }

  partEnd(number: number): string {
    return this.open?.number === number ? this.closePart() : '';
  }

  private closePart(): string {
    const { open } = this;
    if (open === null) return '';
    this.open = null;
    const { events } = this.stream;
    const at = `${this.at},"content_index":${open.index}`;
    const text = JSON.stringify(open.text);
    const whole: JsonObject = open.refusal
      ? { ...open.json, refusal: open.text }
      : { ...open.json, text: open.text, annotations: open.annotations, logprobs: open.logprobs };
    this.content.push(whole);
    const done = open.refusal
      ? events.event('response.refusal.done', `${at},"refusal":${text}`)
      : events.event(
          'response.output_text.done',
          `${at},"text":${text},"logprobs":${JSON.stringify(open.logprobs)}`,
        );
    return done + events.event('response.content_part.done', `${at},"part":${JSON.stringify(whole)}`);
  }

  close(status: string): { text: string; item: JsonObject } {
    const text = this.closePart();
    return { text, item: this.item(status, this.content) };
  }
}
