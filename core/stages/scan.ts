import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { tooLarge } from '../http/request-body.js';
import { MODEL_FIELD, STREAM_FIELD } from '../route/endpoint.js';
import { readBoolean, readString } from '../wire/json-read.js';
import { type ScanResult, scanTopLevel } from '../wire/json-scan.js';

const why: Record<Exclude<ScanResult, 'ok'>, string> = {
  not_object: 'it does not begin with "{"',
  unterminated: 'it ends before the object does',
  malformed: 'something is wrong with it',
  trailing: 'something follows the object',
  too_deep: 'it is nested too deeply',
};

/** Stage 5. Finds `model`, `stream` (or takes them from the path) and the format's own fields in the bytes; parses nothing. */
export function scan(x: Exchange): void {
  const { body } = x.incoming;
  if (x.bodyAt !== 0) x.bodyAt = performance.now();
  if (body.tooLarge) throw tooLarge(body);
  const { bytes } = body;
  const spans = (x.spans = x.endpoint.takeSpans());
  const result = scanTopLevel(bytes, x.endpoint.fields, spans);
  if (result !== 'ok') {
    throw gatewayError('invalid_json', {
      why: `${why[result]}, at byte ${spans.errorAt} of ${bytes.length}`,
    });
  }
  const twice = spans.duplicate >= 0 ? spans.duplicate : spans.lookAlike;
  // Parsers disagree on which of the two counts: what we check and what the provider runs must be the same.
  if (twice >= 0) throw gatewayError('duplicate_field', { field: x.endpoint.fields.names[twice] ?? '' });
  if (x.endpoint.format.modelIn === 'path') {
    x.model = x.incoming.model;
    x.stream = x.endpoint.streams;
    return;
  }
  const model = readString(bytes, spans.start(MODEL_FIELD), spans.end(MODEL_FIELD));
  if (model === undefined || model === '') throw gatewayError('model_required');
  x.model = model;
  x.stream = spans.has(STREAM_FIELD)
    ? readBoolean(bytes, spans.start(STREAM_FIELD), spans.end(STREAM_FIELD)) === true
    : x.endpoint.streams;
}
