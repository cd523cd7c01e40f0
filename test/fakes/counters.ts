import { isObject, type Json, listOf, parseObject } from './json-value.js';
import { type FakeProvider, startProvider } from './provider.js';

/**
 * What counts tokens, as Anthropic, OpenAI, the Gemini API, Vertex AI and Bedrock document it, on one port: their paths tell
 * them apart. A token is a character of a text or of a tool's name, so that a count shows what has arrived. Members that an
 * API does not have are refused, as is a model of Bedrock's with `nova` in its name. All other paths are missing.
 */
export function startCounters(): Promise<FakeProvider> {
  return startProvider((request, behaviour) => {
    const headers = { 'content-type': 'application/json', ...behaviour.headers };
    const answer = (
      status: number,
      body: Json,
    ): { status: number; headers: typeof headers; body: string } => ({
      status,
      headers,
      body: JSON.stringify(body),
    });
    if (behaviour.body !== undefined) return { status: 200, headers, body: behaviour.body };
    if (behaviour.status !== undefined) return answer(behaviour.status, behaviour.error ?? {});
    const body = parseObject(request.body) ?? {};
    const counter = COUNTERS.find(({ path }) => path.test(decodeURIComponent(request.url)));
    if (counter === undefined) return answer(404, { detail: 'Not Found' });
    const told = counter.read(body, decodeURIComponent(request.url));
    return typeof told === 'string' ? answer(400, refusal(told)) : answer(200, told);
  });
}

/** The words are in the place where each of the APIs has them. */
const refusal = (message: string): Json => ({
  type: 'error',
  message,
  error: { type: 'invalid_request_error', message, status: 'INVALID_ARGUMENT', code: 400 },
});

interface Counter {
  readonly path: RegExp;
  /** The answer, or why there is none. */
  readonly read: (body: Json, url: string) => Json | string;
}

function unknown(body: Json, known: readonly string[]): string | null {
  const other = Object.keys(body).find((key) => !known.includes(key));
  return other === undefined ? null : `${other}: Extra inputs are not permitted`;
}

/** Characters of all texts under these members, at any depth. */
function characters(value: unknown, members: readonly string[]): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + characters(one, members), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, one]) =>
      sum + (typeof one === 'string' ? (members.includes(key) ? one.length : 0) : characters(one, members)),
    0,
  );
}

const GOOGLE = ['contents', 'systemInstruction', 'tools'];

function google(body: Json): Json | string {
  return unknown(body, GOOGLE) ?? { totalTokens: characters(body, ['text', 'name']) };
}

const COUNTERS: readonly Counter[] = [
  {
    path: /^\/v1\/messages\/count_tokens$/,
    read: (body) =>
      unknown(body, ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking', 'output_config']) ?? {
        input_tokens: characters(body, ['system', 'content', 'text', 'name']),
      },
  },
  {
    path: /^\/v1\/responses\/input_tokens$/,
    read: (body) =>
      unknown(body, [
        'model',
        'input',
        'instructions',
        'tools',
        'tool_choice',
        'parallel_tool_calls',
        'previous_response_id',
        'conversation',
        'reasoning',
        'text',
        'truncation',
      ]) ?? {
        object: 'response.input_tokens',
        input_tokens: characters(body, ['instructions', 'input', 'content', 'text', 'name']),
      },
  },
  {
    path: /^\/v1beta\/models\/[^/]+:countTokens$/,
    read(body) {
      const whole = body['generateContentRequest'];
      if (!isObject(whole)) return unknown(body, ['contents']) ?? google(body);
      const { model, ...rest } = whole;
      return typeof model === 'string' ? google(rest) : 'model: is required';
    },
  },
  { path: /^\/v1\/projects\/p\/locations\/l\/publishers\/google\/models\/[^/]+:countTokens$/, read: google },
  {
    path: /^\/model\/[^/]+\/count-tokens$/,
    read(body, url) {
      if (url.includes('nova')) return "The provided model doesn't support counting tokens.";
      const input = isObject(body['input']) ? body['input'] : {};
      const invoked = isObject(input['invokeModel']) ? input['invokeModel'] : null;
      if (invoked !== null) {
        const inner = parseObject(Buffer.from(String(invoked['body']), 'base64')) ?? {};
        return { inputTokens: characters(inner, ['system', 'content', 'text', 'name']) };
      }
      const converse = isObject(input['converse']) ? input['converse'] : null;
      if (converse === null || listOf(converse['messages']).length === 0) return 'input is required';
      return (
        unknown(converse, ['messages', 'system', 'toolConfig', 'additionalModelRequestFields']) ?? {
          inputTokens: characters(converse, ['text', 'name']),
        }
      );
    },
  },
];
