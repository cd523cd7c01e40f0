export * from './adapter.js';
export type * from './canonical/embedding.js';
export type { CanonicalError, ErrorKind } from './canonical/error.js';
export type { PartKind, StreamEvent } from './canonical/event.js';
export type * from './canonical/part.js';
export type * from './canonical/request.js';
export type * from './canonical/rerank.js';
export type { CanonicalResponse, Choice, FinishReason } from './canonical/response.js';
export {
  addUnits,
  emptyUsage,
  SERVICE_TIERS,
  type ServiceTier,
  TOKEN_COUNTS,
  USAGE_UNITS,
  type Usage,
  type UsageUnit,
  type UsageUnits,
} from './canonical/usage.js';
export * from './chain.js';
export * from './content-messages.js';
export { foldEvents, unfoldResponse } from './fold.js';
export * from './format.js';
export * from './headers.js';
export * from './hooks.js';
export type * from './host.js';
export type { JsonObject, JsonValue } from './json.js';
export * from './measured.js';
export type { DefaultNeeds, Needs } from './needs.js';
export * from './plugin.js';
export * from './provider.js';
export * from './record-fields.js';
export { type Reply, reply } from './reply.js';
export { ROLLING_CELLS, RollingSum } from './rolling.js';
export type * from './settled-detail.js';
export * from './signer.js';
export type * from './sink.js';
export type * from './socket.js';
export type * from './stateful.js';
export type * from './task.js';
export type * from './tool.js';
export type * from './tool-runs.js';
export type * from './views.js';
export * from './window.js';
export { instantOf, offsetAt, QUARTER_MS, zoneFormat } from './zone.js';
