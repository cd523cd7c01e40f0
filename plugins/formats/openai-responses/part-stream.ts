import type { JsonObject, JsonValue, PartKind, StreamEvent } from '@headgate/sdk';
import { OPENAI_RESPONSES } from './types.js';

/** A part of the hub that is being streamed. */
export interface OpenPart {
  part: number;
  kind: PartKind;
  /** Length of the text so far: an event that gives it whole adds only what is missing. */
  length: number;
  citations: number;
  logprobs: boolean;
  closed: boolean;
}

export interface StartedCall {
  id: string;
  name: string;
  custom: boolean;
}

/** Numbers the parts of one answer and emits their events. This API gives one choice. */
export class PartStream {
  private parts = 0;
  emit: (event: StreamEvent) => void = () => {};

  open(kind: PartKind, extra: JsonObject | undefined, call?: StartedCall): OpenPart {
    const part = this.parts++;
    const event: StreamEvent = { type: 'part-start', choice: 0, part, kind };
    if (call !== undefined) {
      event.toolCallId = call.id;
      event.toolName = call.name;
      if (call.custom) event.custom = true;
    }
    if (extra !== undefined && Object.keys(extra).length > 0) event.extra = extra;
    this.emit(event);
    return { part, kind, length: 0, citations: 0, logprobs: false, closed: false };
  }

  text(open: OpenPart, text: string, logprobs?: JsonValue[]): void {
    if (open.closed || (text === '' && logprobs === undefined)) return;
    open.length += text.length;
    if (logprobs === undefined) this.emit({ type: 'part-delta', choice: 0, part: open.part, text });
    else {
      open.logprobs = true;
      this.emit({ type: 'part-delta', choice: 0, part: open.part, text, logprobs: { content: logprobs } });
    }
  }

  /** The whole text of a part, of which some or all has been streamed. */
  complete(open: OpenPart, whole: JsonValue | undefined): void {
    if (typeof whole === 'string' && whole.length > open.length) this.text(open, whole.slice(open.length));
  }

  citation(open: OpenPart, citation: JsonValue): void {
    if (open.closed) return;
    open.citations++;
    this.emit({ type: 'part-delta', choice: 0, part: open.part, text: '', citation });
  }

  sealed(open: OpenPart, member: 'signature' | 'encrypted', value: string): void {
    if (member === 'signature')
      this.emit({ type: 'part-delta', choice: 0, part: open.part, text: '', signature: value });
    else this.emit({ type: 'part-delta', choice: 0, part: open.part, text: '', encrypted: value });
  }

  close(open: OpenPart): void {
    if (open.closed) return;
    open.closed = true;
    this.emit({ type: 'part-end', choice: 0, part: open.part });
  }

  whole(value: JsonObject): void {
    this.emit({ type: 'part-whole', choice: 0, part: this.parts++, format: OPENAI_RESPONSES, value });
  }
}
