import {
  type EmbeddingInput,
  type EmbeddingPart,
  type EmbeddingRequest,
  type JsonObject,
  MalformedBody,
} from '@headgate/sdk';
import { purposeOf } from '../shared/google-embedding.js';
import { optList, optWhole, spelled } from '../shared/google-spelling.js';
import * as read from '../shared/read-json.js';

const KEYS = new Set(['model', 'content', 'taskType', 'title', 'outputDimensionality', 'embedContentConfig']);
const PART_KEYS = new Set(['text', 'inlineData', 'fileData']);
const MEDIA_KEYS = new Set(['mimeType', 'data', 'fileUri']);

/** One input and what is said of it. */
interface Single {
  input: EmbeddingInput;
  task: string | undefined;
  title: string | undefined;
  dimensions: number | undefined;
}

export function decodeSingle(body: JsonObject, origin: string): EmbeddingRequest {
  return requestOf([singleFrom(body, '')], origin);
}

/** Each part of a batch says for itself what it is for; other APIs only know one purpose for all. */
export function decodeBatch(body: JsonObject, origin: string): EmbeddingRequest {
  const requests = read.needArray(body, 'requests', '');
  if (requests.length === 0) throw new MalformedBody("'requests' must not be empty", 'requests');
  return requestOf(
    requests.map((_, i) => singleFrom(read.objectAt(requests, i, 'requests'), `requests[${i}]`)),
    origin,
  );
}

function requestOf(all: Single[], origin: string): EmbeddingRequest {
  const first = all[0] as Single;
  all.forEach((one, i) => {
    for (const key of ['task', 'title', 'dimensions'] as const)
      if (one[key] !== first[key])
        throw new MalformedBody(
          `'requests[${i}]' differs from the first in its ${key}, which only Google's own API understands`,
          `requests[${i}]`,
        );
  });
  const { task, title, dimensions } = first;
  const request: EmbeddingRequest = {
    operation: 'embedding',
    origin,
    model: '',
    inputs: all.map(({ input }) => input),
    encodings: [],
  };
  if (task !== undefined && task !== 'TASK_TYPE_UNSPECIFIED') {
    request.purposeRaw = task;
    const purpose = purposeOf(task);
    if (purpose !== undefined) request.purpose = purpose;
  }
  if (title !== undefined) request.title = title;
  if (dimensions !== undefined) request.dimensions = dimensions;
  return request;
}

function singleFrom(raw: JsonObject, where: string): Single {
  const body = spelled(raw, KEYS);
  const config = spelled(read.optObject(body, 'embedContentConfig', where) ?? {}, KEYS);
  return {
    input: inputFrom(body, where),
    task: read.optString(body, 'taskType', where) ?? read.optString(config, 'taskType', where),
    title: read.optString(body, 'title', where) ?? read.optString(config, 'title', where),
    dimensions:
      optWhole(body, 'outputDimensionality', where) ?? optWhole(config, 'outputDimensionality', where),
  };
}

function inputFrom(body: JsonObject, where: string): EmbeddingInput {
  const { content } = body;
  if (typeof content === 'string') return { type: 'text', text: content };
  const at = read.join(where, 'content');
  const list = optList(read.needObject(body, 'content', where), 'parts', at) ?? [];
  const parts = list.map((_, i) => partFrom(read.objectAt(list, i, `${at}.parts`), `${at}.parts[${i}]`));
  const [only] = parts;
  if (only === undefined) throw new MalformedBody(`'${at}.parts' must hold something`, `${at}.parts`);
  return parts.length === 1 ? only : { type: 'mixed', parts };
}

function partFrom(raw: JsonObject, where: string): EmbeddingPart {
  const part = spelled(raw, PART_KEYS);
  const text = read.optString(part, 'text', where);
  if (text !== undefined) return { type: 'text', text };
  const data = read.optObject(part, 'inlineData', where);
  if (data !== undefined) {
    const media = spelled(data, MEDIA_KEYS);
    const at = `${where}.inlineData`;
    const type = read.needString(media, 'mimeType', at);
    return { type: 'image', url: `data:${type};base64,${read.needString(media, 'data', at)}` };
  }
  const file = spelled(read.optObject(part, 'fileData', where) ?? {}, MEDIA_KEYS);
  const uri = read.optString(file, 'fileUri', `${where}.fileData`);
  if (uri === undefined)
    throw new MalformedBody(`'${where}' must hold a text, inlineData or fileData`, where);
  return { type: 'image', url: uri };
}
