import type { JsonObject } from '@headgate/sdk';
import type { Path } from '../../config/path.js';
import { isObject } from '../json-object.js';
import type { ApiDocument } from './document.js';
import { SchemaWriter } from './schema.js';

/** What is said of results is a help for programs; more of it than this is none. */
const MOST_BYTES = 4096;

/**
 * What an operation answers with when all is well, as its document says, if that is JSON. It is no promise: APIs often answer with
 * something else than what is written of them, so nothing is refused for it. Throws DocumentProblem.
 */
export function returnsOf(document: ApiDocument, { responses }: JsonObject, place: Path): JsonObject | null {
  if (!isObject(responses)) return null;
  const status = Object.keys(responses)
    .filter((one) => /^2(\d\d|XX)$/i.test(one))
    .sort()[0];
  const chosen = status ?? (responses['default'] === undefined ? undefined : 'default');
  if (chosen === undefined) return null;
  const { value, path } = document.object(responses[chosen], [...place, 'responses', chosen], 'a response');
  const { content } = value;
  if (!isObject(content)) return null;
  const type = Object.keys(content).find((one) => /^application\/([\w.+-]*\+)?json\b/i.test(one));
  if (type === undefined) return null;
  const media = document.object(content[type], [...path, 'content', type], 'a media type');
  const { schema } = media.value;
  if (schema === undefined) return null;
  const written = SchemaWriter.write(
    document,
    'response',
    (write) => write(schema, [...media.path, 'schema']) as JsonObject,
  );
  return written === null || JSON.stringify(written).length > MOST_BYTES ? null : written;
}
