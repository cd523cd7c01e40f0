import type { Control } from '../control.js';

/** A session over WebRTC that was begun through the gateway, to which a server may open a WebSocket beside it. */
export interface Call {
  readonly provider: string;
  /** Name of the provider's key that pays for it. */
  readonly key: string;
  /** Id of the virtual key that began it; '' for none. */
  readonly holder: string;
  /** Public model; '' when the request named none. */
  readonly model: string;
}

/** No session lasts longer. */
export const CALL_MS = 24 * 3_600_000;

/** Must be done before the client hears of the call. */
export async function rememberCall(control: Control, id: string, call: Call): Promise<void> {
  await control.kvSet(placeOf(id), call, CALL_MS);
}

export async function findCall(control: Control, id: string): Promise<Call | null> {
  return ((await control.kvGet(placeOf(id))) as Call | undefined) ?? null;
}

function placeOf(id: string): string {
  return `core:realtime-call:${id.slice(0, 128)}`;
}
