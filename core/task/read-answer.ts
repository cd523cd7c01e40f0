import {
  type EmbeddingAnswer,
  type HeaderList,
  headerOf,
  type JsonValue,
  MalformedBody,
  type TaskAnswer,
  type TaskCodec,
  type TaskRequest,
} from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { sumOf } from '../sum-of-usage.js';
import type { DividedAnswer } from '../upstream/divided-call.js';

/** Reads the answer to a request that is no chat. Throws MalformedBody when it makes no sense. */
export function readAnswer(x: Exchange, codec: TaskCodec, body: JsonValue, upstream: HeaderList): TaskAnswer {
  if (x.parts === null) return readPart(codec, x.task as TaskRequest, body, upstream);
  const answers = body as unknown as DividedAnswer;
  const [first, ...rest] = x.parts.map((part, i) => {
    const [headers, text] = answers[i] ?? [[], null];
    return readPart(codec, part, text, headers) as EmbeddingAnswer;
  });
  return rest.reduce(joined, first as EmbeddingAnswer);
}

/** The answer to one request, or to one part of it. */
export function readPart(
  codec: TaskCodec,
  request: TaskRequest,
  body: JsonValue,
  headers: HeaderList,
): TaskAnswer {
  const answer = codec.decodeAnswer(body, { request, header: (name) => headerOf(headers, name) });
  // A vector too few would give all that follow to the wrong texts.
  if (
    request.operation === 'embedding' &&
    answer.operation === 'embedding' &&
    answer.vectors.length !== request.inputs.length
  )
    throw new MalformedBody(`it has ${answer.vectors.length} vectors for ${request.inputs.length} inputs`);
  return answer;
}

function joined(all: EmbeddingAnswer, next: EmbeddingAnswer): EmbeddingAnswer {
  for (const vector of next.vectors) all.vectors.push(vector);
  all.usage = all.usage === null || next.usage === null ? null : sumOf(all.usage, next.usage);
  return all;
}
