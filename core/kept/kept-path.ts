import type { IoThread } from '../io-thread.js';
import type { Endpoint } from '../route/endpoint.js';

/** What is asked about a kept answer. */
export type KeptAction = 'answer' | 'cancel' | 'input_items';

/** A path about an answer that the gateway keeps itself. */
export interface KeptPath {
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly action: KeptAction;
}

const TAIL = /^([\w-]{1,128})(?:\/(cancel|input_items))?$/;

/**
 * What a path asks about an answer that the gateway keeps: `{endpoint}/{id}`, `…/cancel`, `…/input_items`. Null for all
 * others, those of answers that a provider keeps among them: their ids begin differently.
 */
export function keptPath(io: IoThread, path: string): KeptPath | null {
  for (const [at, endpoint] of io.endpoints.exact) {
    const { state } = endpoint.format;
    if (state === undefined || !path.startsWith(`${at}/${state.idPrefix}`)) continue;
    const [, id, action = 'answer'] = TAIL.exec(path.slice(at.length + 1)) ?? [];
    if (id !== undefined) return { endpoint, id, action: action as KeptAction };
  }
  return null;
}
