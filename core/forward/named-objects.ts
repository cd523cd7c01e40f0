import type { Endpoint } from '../route/endpoint.js';
import { readString } from '../wire/json-read.js';
import type { FieldSpans } from '../wire/json-spans.js';
import { namedIds } from '../wire/named-ids.js';
import { objectId } from './object-ids.js';

/** Ids of the objects that a body names in its fields and inside their values, as a scan has found them. */
export function namedObjects(endpoint: Endpoint, body: Buffer, spans: FieldSpans): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const field of endpoint.objectFields) {
    const id = spans.has(field) ? readString(body, spans.start(field), spans.end(field)) : undefined;
    if (id !== undefined && id !== '') ids.add(objectId(id));
  }
  for (const id of namedIds(body, spans, endpoint.fields.maxDepth)) ids.add(objectId(id));
  return ids;
}
