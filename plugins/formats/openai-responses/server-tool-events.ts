import type { JsonObject } from '@headgate/sdk';
import type { SequencedEvents } from './stream-events.js';
import { place } from './stream-output.js';

/** Events of tools that run elsewhere: of their lists, and of calls while they run. */
export class ServerToolEvents {
  /** Places of calls that run, by their ids. */
  private readonly running = new Map<string, number>();

  constructor(private readonly events: SequencedEvents) {}

  /** The place of a call that was said to run; undefined for anything else. */
  takeRunning(item: JsonObject): number | undefined {
    if (item['type'] !== 'mcp_call' || typeof item['id'] !== 'string') return undefined;
    const index = this.running.get(item['id']);
    this.running.delete(item['id']);
    return index;
  }

  /** What follows when an item has been added; `ends`: it is complete. */
  added(item: JsonObject, index: number): { text: string; ends: boolean } {
    const at = place(item, index);
    if (item['type'] === 'mcp_list_tools')
      return {
        text:
          this.events.event('response.mcp_list_tools.in_progress', at) +
          this.events.event('response.mcp_list_tools.completed', at),
        ends: true,
      };
    if (item['type'] !== 'mcp_call' || item['status'] !== 'in_progress') return { text: '', ends: true };
    this.running.set(String(item['id']), index);
    const args = JSON.stringify(item['arguments']);
    const text =
      this.events.event('response.mcp_call.in_progress', at) +
      this.events.event('response.mcp_call_arguments.delta', `${at},"delta":${args}`) +
      this.events.event('response.mcp_call_arguments.done', `${at},"arguments":${args}`);
    return { text, ends: false };
  }

  /** A call has come to its end. */
  ended(item: JsonObject, index: number): string {
    const how = item['status'] === 'failed' ? 'failed' : 'completed';
    return this.events.event(`response.mcp_call.${how}`, place(item, index));
  }
}
