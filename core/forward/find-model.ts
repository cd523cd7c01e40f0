import { headerOf, type Operation } from '@headgate/sdk';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { tooLarge } from '../http/request-body.js';
import { StreamedBody } from '../http/streamed-body.js';
import type { Wait } from '../pipeline.js';
import { MODEL_FIELD } from '../route/endpoint.js';
import { readString } from '../wire/json-read.js';
import { scanTopLevel } from '../wire/json-scan.js';
import { Form } from './form.js';
import { boundaryOf } from './form-scan.js';
import type { Forward } from './forward.js';
import { pathProblem } from './forward-path.js';
import { sessionModel } from './session-model.js';

/** Operations whose forms name a model, wherever it stands. */
const WITH_MODEL = new Set<Operation>(['audio', 'image', 'video']);

/** The model that a body names: at the top of JSON, or in a form. */
export function findModel(x: Exchange): Wait | undefined {
  const { body, path, headers } = x.incoming;
  if (x.bodyAt !== 0) x.bodyAt = performance.now();
  const problem = pathProblem(path);
  if (problem !== null) throw gatewayError('invalid_path', { why: problem });
  if (body.tooLarge) throw tooLarge(body);
  if (!(body instanceof StreamedBody)) {
    if (body.bytes.length > 0) inJson(x);
    return undefined;
  }
  const forward = x.forward as Forward;
  const contentType = headerOf(headers, 'content-type') ?? '';
  if (forward.path.api === null || !/^multipart\/form-data/i.test(contentType)) return undefined;
  const boundary = boundaryOf(contentType);
  if (boundary === null) throw gatewayError('invalid_form', { why: 'its content-type names no boundary' });
  const form = new Form(body, boundary, {
    needed: WITH_MODEL.has(x.endpoint.format.operation),
    onModel: (model) => {
      x.model = model;
    },
  });
  forward.form = form;
  return form;
}

/** JSON that is no object, or broken, is for the provider to complain of. */
function inJson(x: Exchange): void {
  const { bytes } = x.incoming.body;
  const spans = x.endpoint.takeSpans();
  const result = scanTopLevel(bytes, x.endpoint.fields, spans);
  x.spans = spans;
  if (result !== 'ok') return;
  const twice = spans.duplicate >= 0 ? spans.duplicate : spans.lookAlike;
  // Parsers disagree on which of the two counts: what we check and what the provider runs must be the same.
  if (twice >= 0) throw gatewayError('duplicate_field', { field: x.endpoint.fields.names[twice] ?? '' });
  if (spans.has(MODEL_FIELD))
    x.model = readString(bytes, spans.start(MODEL_FIELD), spans.end(MODEL_FIELD)) ?? '';
  else inSession(x);
}

function inSession(x: Exchange): void {
  const forward = x.forward as Forward;
  const found = sessionModel(forward.path.tail, x.incoming.body.bytes);
  if (found === null) return;
  forward.nested = found;
  x.model = found.model;
}
