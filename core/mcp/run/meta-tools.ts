import type { CanonicalRequest, Tool } from '@headgate/sdk';
import type { CallResult } from './result-parts.js';
import type { RunCall, RunCalls } from './run-calls.js';

/** What APIs with words for calls are told as the server of these. */
export const META_SERVER = 'headgate';

/** Tools of the gateway's own in a run, about tools of servers. */
export interface MetaTools {
  readonly functions: readonly Tool[];
  has(name: string): boolean;
  /** Makes a call of one of them. Rejects when the run is stopped. */
  run(call: RunCall, calls: RunCalls): Promise<CallResult>;
  /** What is asked next, with what has been found since. */
  extended(request: CanonicalRequest): CanonicalRequest;
}

/** The name, or another one where the request has a tool of that name. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name;
  for (let n = 2; isTaken(free); n++) free = `${META_SERVER}_${name}${n === 2 ? '' : `_${n - 1}`}`;
  return free;
}
