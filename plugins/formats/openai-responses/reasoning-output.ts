import type { JsonObject, ReasoningPart } from '@headgate/sdk';
import { reasoningItem, saysSomething } from './reasoning.js';
import {
  type Delta,
  members,
  type OutputItem,
  type OutputStream,
  type PartStart,
  place,
} from './stream-output.js';
import { marksOf } from './types.js';

/** A text of the summary, or of the content, that is being written. */
interface OpenEntry {
  number: number;
  part: ReasoningPart;
  index: number;
  content: boolean;
  begun: boolean;
}

/** Reasoning: the texts of its summary and content; what is encrypted comes with the item's end. */
export class ReasoningOutput implements OutputItem {
  readonly kind = 'reasoning';
  private readonly base: JsonObject;
  private readonly at: string;
  private readonly parts: ReasoningPart[] = [];
  private open: OpenEntry | null = null;
  private summaries = 0;
  private contents = 0;
  private begun = false;

  constructor(
    start: PartStart,
    private readonly index: number,
    private readonly stream: OutputStream,
  ) {
    this.base = members(start, 'rs', index, stream);
    this.at = place(this.base, index);
  }

  part(start: PartStart): string {
    const before = this.closePart();
    const part: ReasoningPart = { type: 'reasoning', text: '' };
    const format = start.extra?.['format'];
    if (this.stream.same && start.extra !== undefined) part.extra = start.extra;
    else if (typeof format === 'string') part.extra = { format };
    this.parts.push(part);
    const content = marksOf(part).kind === 'content';
    this.open = { number: start.part, part, index: 0, content, begun: false };
    if (this.begun) return before;
    this.begun = true;
    const item = JSON.stringify(reasoningItem([], this.base));
    const { events } = this.stream;
    return before + events.event('response.output_item.added', `"output_index":${this.index},"item":${item}`);
  }

  delta(event: Delta): string {
    const { open } = this;
    if (open === null || open.number !== event.part) return '';
    const { part } = open;
    if (event.signature !== undefined) part.signature = (part.signature ?? '') + event.signature;
    if (event.encrypted !== undefined) part.encrypted = (part.encrypted ?? '') + event.encrypted;
    if (event.text === '') return '';
    const head = open.begun ? '' : this.begin(open);
    part.text += event.text;
    const delta = `"delta":${JSON.stringify(event.text)}`;
    const { events } = this.stream;
    return (
      head +
      (open.content
        ? events.event('response.reasoning_text.delta', `${this.at},"content_index":${open.index},${delta}`)
        : events.event(
            'response.reasoning_summary_text.delta',
            `${this.at},"summary_index":${open.index},${delta}`,
          ))
    );
  }

  /** The entry of the summary, or of the content, begins with its first text: what is encrypted has none. */
  private begin(open: OpenEntry): string {
    open.begun = true;
    open.index = open.content ? this.contents++ : this.summaries++;
    return this.entry(open, 'added', '');
  }

  private entry(open: OpenEntry, word: 'added' | 'done', text: string): string {
    const own = this.stream.same ? marksOf(open.part).part : undefined;
    const part = JSON.stringify({ ...own, type: open.content ? 'reasoning_text' : 'summary_text', text });
    const { events } = this.stream;
    return open.content
      ? events.event(
          `response.content_part.${word}`,
          `${this.at},"content_index":${open.index},"part":${part}`,
        )
      : events.event(
          `response.reasoning_summary_part.${word}`,
          `${this.at},"summary_index":${open.index},"part":${part}`,
        );
  }

  partEnd(number: number): string {
    return this.open?.number === number ? this.closePart() : '';
  }

  private closePart(): string {
    const { open } = this;
    if (open === null) return '';
    this.open = null;
    const { part } = open;
    if (!open.begun) {
      // A text that stayed empty is an entry all the same where it came as one.
      if (!this.stream.same || part.encrypted !== undefined || part.signature !== undefined) return '';
      return this.begin(open) + this.entry(open, 'done', '');
    }
    const { events } = this.stream;
    const text = JSON.stringify(part.text);
    const done = open.content
      ? events.event(
          'response.reasoning_text.done',
          `${this.at},"content_index":${open.index},"text":${text}`,
        )
      : events.event(
          'response.reasoning_summary_text.done',
          `${this.at},"summary_index":${open.index},"text":${text}`,
        );
    return done + this.entry(open, 'done', part.text);
  }

  close(): { text: string; item: JsonObject } {
    const text = this.closePart();
    const parts = this.stream.same ? this.parts : this.parts.filter(saysSomething);
    return { text, item: reasoningItem(parts, this.base) };
  }
}
