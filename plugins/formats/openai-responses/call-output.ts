import type { JsonObject } from '@headgate/sdk';
import {
  type Delta,
  members,
  type OutputItem,
  type OutputStream,
  type PartStart,
  place,
} from './stream-output.js';

/** A call of a function or a custom tool. */
export class CallOutput implements OutputItem {
  readonly kind = 'call';
  private readonly custom: boolean;
  private readonly base: JsonObject;
  private readonly at: string;
  private readonly name: string;
  private readonly head: string;
  private text = '';
  private ended = false;

  constructor(
    start: PartStart,
    private readonly index: number,
    private readonly stream: OutputStream,
  ) {
    this.custom = start.custom === true;
    this.name = start.toolName ?? '';
    this.base = {
      ...members(start, this.custom ? 'ctc' : 'fc', index, stream),
      type: this.custom ? 'custom_tool_call' : 'function_call',
    };
    this.base['call_id'] = start.toolCallId ?? '';
    this.base['name'] = this.name;
    this.at = place(this.base, index);
    const type = this.custom
      ? 'response.custom_tool_call_input.delta'
      : 'response.function_call_arguments.delta';
    this.head = `event: ${type}\ndata: {"type":"${type}",${this.at},"delta":`;
  }

  private item(status: string): JsonObject {
    return { ...this.base, [this.custom ? 'input' : 'arguments']: this.text, status };
  }

  part(): string {
    const item = JSON.stringify(this.item('in_progress'));
    return this.stream.events.event(
      'response.output_item.added',
      `"output_index":${this.index},"item":${item}`,
    );
  }

  delta(event: Delta): string {
    if (event.text === '' || this.ended) return '';
    this.text += event.text;
    return this.stream.events.tail(this.head + JSON.stringify(event.text));
  }

  partEnd(): string {
    if (this.ended) return '';
    this.ended = true;
    const text = JSON.stringify(this.text);
    return this.custom
      ? this.stream.events.event('response.custom_tool_call_input.done', `${this.at},"input":${text}`)
      : this.stream.events.event(
          'response.function_call_arguments.done',
          `${this.at},"name":${JSON.stringify(this.name)},"arguments":${text}`,
        );
  }

  close(status: string): { text: string; item: JsonObject } {
    const text = this.partEnd();
    return { text, item: this.item(status) };
  }
}
