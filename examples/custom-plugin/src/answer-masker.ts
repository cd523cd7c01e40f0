import type { StreamEvent } from '@headgate/sdk';
import { Masker } from './masker.js';

/** Masks everything that people read in one answer: text, reasoning and refusals, each part on its own. */
export class AnswerMasker {
  private readonly parts = new Map<string, Masker>();

  /** The events to send in place of this one; nothing leaves it as it is. */
  map(event: StreamEvent): StreamEvent | StreamEvent[] | null | undefined {
    switch (event.type) {
      case 'part-start':
        if (event.kind !== 'tool-call') this.parts.set(keyOf(event), new Masker());
        return undefined;
      case 'part-delta': {
        const masker = this.parts.get(keyOf(event));
        if (masker === undefined) return undefined;
        const masked = { ...event, text: masker.push(event.text) };
        // Log probabilities spell the text out, token by token.
        delete masked.logprobs;
        const saysMore = masked.signature ?? masked.encrypted ?? masked.citation;
        return masked.text === '' && saysMore === undefined ? null : masked;
      }
      case 'part-end': {
        const { choice, part } = event;
        const text = this.parts.get(keyOf(event))?.end() ?? '';
        return text === '' ? undefined : [{ type: 'part-delta', choice, part, text }, event];
      }
      default:
        return undefined;
    }
  }
}

function keyOf({ choice, part }: { choice: number; part: number }): string {
  return `${choice} ${part}`;
}
