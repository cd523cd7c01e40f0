import type { ErrorCodec, Framing, HeaderList, JsonObject, JsonValue } from '@headgate/sdk';

/** An error in place of an answer, under a status that says that all is well. */
export interface ErrorInside {
  /** The status that would have fitted. */
  status: number;
  headers: HeaderList;
  body: string;
}

/**
 * Some gateways and proxies answer 200 and write what went wrong into the body. It is an error only if nothing else is there that
 * could be an answer: a failed response of OpenAI's has an `error` too, and its `output`.
 */
export function errorInside(
  parsed: JsonObject,
  body: string,
  codec: ErrorCodec,
): Omit<ErrorInside, 'headers'> | null {
  const error = parsed.error ?? messageIn(parsed);
  if (error === undefined || error === null || error === '' || error === false) return null;
  for (const [name, value] of Object.entries(parsed))
    if (name !== 'error' && typeof value === 'object' && value !== null) return null;
  return { status: statusIn(error) ?? statusIn(parsed) ?? codec.decode(502, body).status, body };
}

/** The error that a stream consists of: its last event's. */
export function errorOfEvents(
  events: Buffer,
  framing: Framing,
  codec: ErrorCodec,
): Omit<ErrorInside, 'headers'> {
  const lines =
    framing === 'aws-eventstream'
      ? []
      : events
          .toString('utf8')
          .trim()
          .split(/\r\n|\r|\n/);
  const body = (lines.findLast((line) => line.includes('{')) ?? '').replace(/^data: ?/, '');
  try {
    const found = errorInside(JSON.parse(body) as JsonObject, body, codec);
    if (found !== null) return found;
  } catch {
    // Then the codec says what it makes of it.
  }
  return { status: codec.decode(502, body).status, body };
}

/** Cohere and AWS say what is wrong at the top. No answer has a message that is a text. */
function messageIn({ message }: JsonObject): JsonValue | undefined {
  return typeof message === 'string' ? message : undefined;
}

function statusIn(value: JsonValue): number | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  for (const name of ['code', 'status', 'status_code']) {
    const number = Number(value[name] ?? Number.NaN);
    if (Number.isInteger(number) && number >= 400 && number <= 599) return number;
  }
  return null;
}
