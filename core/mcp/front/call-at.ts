import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { McpQuestion, ToldError } from '../front-protocol.js';
import type { ToolInput, ToolProgress } from '../protocol.js';
import type { Asking, Desk } from './desk.js';
import { OURS } from './plain-call.js';
import { INVALID_PARAMS, Refused } from './refused.js';
import type { Place } from './scope.js';
import { refused, toldTools } from './told-tools.js';

let calls = 0;

/** Names a question. */
export function nextCall(): string {
  return String(++calls);
}

export interface WantedCall {
  /** Names it, for whoever wants to withdraw it. */
  readonly id: string;
  /** The client's own name for its request. */
  readonly request: string | number;
  /** As the client calls the tool. */
  readonly name: string;
  readonly arguments: JsonObject;
  readonly meta: object | undefined;
  readonly input: ToolInput | null;
  readonly onProgress: ((progress: ToolProgress) => void) | null;
}

/** A call like any other, with its rules, limits and price. Rejects with Refused. */
export async function callAt(desk: Desk, asking: Asking, wanted: WantedCall): Promise<ToolResult> {
  const { pump } = asking;
  const { id, onProgress } = wanted;
  const place = await placeOf(desk, asking, wanted.name);
  const leave = desk.with(place.server, wanted.request);
  const quiet = onProgress === null ? null : pump.listen(id, onProgress);
  try {
    const answer = await askCall(desk, asking, {
      id,
      server: place.server,
      tool: place.name,
      arguments: wanted.arguments,
      progress: onProgress !== null,
      input: wanted.input,
      meta: metaOf(wanted.meta),
    });
    return 'error' in answer ? refused(answer.error) : answer.result;
  } finally {
    quiet?.();
    leave();
  }
}

/** Asks the thread that calls tools, in the session of the caller with the server. */
export async function askCall(
  desk: Desk,
  { caller, pump }: Asking,
  call: Omit<Extract<McpQuestion, { ask: 'call' }>, 'ask' | 'session'>,
): Promise<{ readonly result: ToolResult } | { readonly error: ToldError }> {
  const answer = await pump.ask({ ask: 'call', session: desk.owner(call.server, caller), ...call });
  if ('error' in answer || 'result' in answer) return answer;
  throw new Error('the other thread answered another question');
}

/** What is not between the client and us alone: trace context, what clients and servers agree on by themselves. */
function metaOf(given: object | undefined): JsonObject | null {
  if (given === undefined) return null;
  const passed = Object.entries(given).filter(([name]) => name !== 'progressToken' && !name.startsWith(OURS));
  return passed.length === 0 ? null : Object.fromEntries(passed);
}

async function placeOf({ scope }: Desk, { caller, pump }: Asking, name: string): Promise<Place> {
  const places = scope.toolPlaces(name, caller.servers);
  if (places.length > 1) {
    // `a__b__c` may be two things; it is the one that there is.
    const told = await toldTools(
      pump,
      places.map(({ server }) => server),
    );
    const found = places.find((place) =>
      told.some(({ server, tool }) => server === place.server && tool.name === place.name),
    );
    if (found !== undefined) return found;
  }
  const [first] = places;
  if (first === undefined) throw new Refused(INVALID_PARAMS, `There is no tool "${name.slice(0, 200)}".`);
  return first;
}
