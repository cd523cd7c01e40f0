import type { StreamEncodeOptions, StreamEncoder, StreamEvent, Usage } from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { openaiUsage } from '../shared/openai-usage.js';
import { finishWord, OPENAI_COMPLETIONS } from './types.js';

/** Writes `text_completion` chunks by joining text. Only text and refusals of an answer have a place in them. */
export class OpenaiCompletionsStreamEncoder implements StreamEncoder {
  private prefix = '';
  private same = false;
  private over = false;
  private usage: Usage | null = null;
  /** Parts that are text, by choice and number. */
  private readonly texts = new Set<string>();

  constructor(private readonly options: StreamEncodeOptions) {}

  push(event: StreamEvent): string {
    if (this.over) return '';
    switch (event.type) {
      case 'part-delta':
        return this.delta(event);
      case 'part-start':
        if (event.kind === 'text' || event.kind === 'refusal')
          this.texts.add(`${event.choice}/${event.part}`);
        return '';
      case 'start': {
        this.same = event.origin === OPENAI_COMPLETIONS;
        const id = event.id === '' ? `cmpl-${this.options.requestId}` : event.id;
        let head = `data: {"id":${JSON.stringify(id)},"object":"text_completion","created":${event.created},"model":${JSON.stringify(event.model)}`;
        if (this.same && event.extra !== undefined && Object.keys(event.extra).length > 0)
          head += `,${JSON.stringify(event.extra).slice(1, -1)}`;
        this.prefix = `${head},"choices":[`;
        return '';
      }
      case 'finish': {
        const word = JSON.stringify(finishWord(event.reason, event.raw, this.same));
        return `${this.prefix}{"text":"","index":${event.choice},"logprobs":null,"finish_reason":${word}}]}\n\n`;
      }
      case 'usage':
        this.usage = event.usage;
        return '';
      case 'error':
        this.over = true;
        return openaiError.encodeInStream(event.error, this.options.requestId);
      case 'end':
        this.over = true;
        return this.end();
      default:
        return '';
    }
  }

  private delta(event: Extract<StreamEvent, { type: 'part-delta' }>): string {
    const logprobs = this.same && event.logprobs !== undefined ? JSON.stringify(event.logprobs) : 'null';
    if (event.text === '' && logprobs === 'null') return '';
    if (!this.texts.has(`${event.choice}/${event.part}`)) return '';
    return `${this.prefix}{"text":${JSON.stringify(event.text)},"index":${event.choice},"logprobs":${logprobs},"finish_reason":null}]}\n\n`;
  }

  private end(): string {
    const usage =
      this.options.includeUsage && this.usage !== null
        ? `${this.prefix}],"usage":${JSON.stringify(openaiUsage(this.usage))}}\n\n`
        : '';
    return `${usage}data: [DONE]\n\n`;
  }
}
