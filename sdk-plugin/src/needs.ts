/**
 * What a plugin wants to look at. It decides the *type* of its views and how much work the gateway does for it:
 * nothing is decoded, buffered or split unless some plugin in the plan needs it.
 */
export interface Needs {
  /**
   * `head`: headers, model and the raw body bytes (nothing is parsed).
   * `canonical`: the request in the hub, readable and replaceable.
   */
  request: 'head' | 'canonical';
  /**
   * `none`: status and headers only. `bytes`: the answer's bytes as they pass. `events`: the answer as hub events, one
   * at a time, streamed or not. `whole`: the complete answer in the hub before the client sees any of it.
   */
  response: 'none' | 'bytes' | 'events' | 'whole';
}

/** What a plugin gets that declares nothing. */
export type DefaultNeeds = { request: 'head'; response: 'none' };
