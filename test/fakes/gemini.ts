import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { checkCount, checkGenerate } from './gemini-checks.js';
import { content, contentPieces } from './gemini-content.js';
import { geminiError, KEY_INVALID } from './gemini-errors.js';
import { spelledInCamelCase } from './gemini-spelling.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

interface GeminiOptions {
  /** Models it has; any when absent. */
  models?: string[];
}

const usualHeaders = {
  vary: 'Origin, X-Origin, Referer',
  server: 'scaffolding on HTTPServer2',
  'x-xss-protection': '0',
  'x-frame-options': 'SAMEORIGIN',
  'x-content-type-options': 'nosniff',
  'server-timing': 'gfet4t7; dur=421',
};

const PATH = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/;
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The Gemini API as its reference documents it: generateContent, streamed as events or as an array, countTokens, models, errors. */
export function startGemini(options: GeminiOptions = {}): Promise<FakeProvider> {
  return startProvider((request, behaviour, number) => respond(request, behaviour, number, options));
}

function respond(request: Received, behaviour: Behaviour, number: number, options: GeminiOptions): Reply {
  const headers: Record<string, string> = {
    ...usualHeaders,
    'content-type': 'application/json; charset=UTF-8',
    ...behaviour.headers,
  };
  const url = new URL(request.url, 'http://fake');
  const inArray = url.pathname.endsWith(':streamGenerateContent') && url.searchParams.get('alt') !== 'sse';
  const failed = (status: number, more: Json): Reply => {
    const error = geminiError(status, more);
    // Where a client waits for an array it gets one, errors included.
    return { status, headers, body: pretty(inArray ? [error] : error) };
  };
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  const key = request.headers['x-goog-api-key'] ?? url.searchParams.get('key') ?? '';
  if (key === '') return failed(403, {});
  if (!String(key).startsWith('AIza')) return failed(400, KEY_INVALID);
  try {
    return route(request, url, behaviour, number, headers, inArray, options);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.status, { message: error.message });
  }
}

function route(
  request: Received,
  url: URL,
  behaviour: Behaviour,
  number: number,
  headers: Record<string, string>,
  inArray: boolean,
  options: GeminiOptions,
): Reply {
  const whole = (value: Json): Reply => ({ status: 200, headers, body: pretty(value) });
  if (request.method === 'GET' && url.pathname === '/v1beta/models') {
    const ids = options.models ?? ['gemini-2.5-flash', 'gemini-2.5-pro'];
    return whole({ models: ids.map((id) => ({ name: `models/${id}`, version: '001', displayName: id })) });
  }
  const [, model, method] = PATH.exec(url.pathname) ?? [];
  if (request.method !== 'POST' || model === undefined)
    throw new Refused(404, 'Requested entity was not found.');
  if (options.models !== undefined && !options.models.includes(model)) {
    throw new Refused(
      404,
      `models/${model} is not found for API version v1beta, or is not supported for ${method}.`,
    );
  }
  const parsed = parseObject(request.body);
  if (parsed === null) throw new Refused(400, 'Invalid JSON payload received. Unexpected token.');
  const body = spelledInCamelCase(parsed);
  if (method === 'countTokens') {
    const totalTokens = Math.ceil(JSON.stringify(checkCount(body)).length / 4);
    return whole({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] });
  }
  checkGenerate(body);
  const answer = behaviour.answer ?? { text: 'Hello from the fake Gemini.' };
  if (method === 'generateContent') return whole(content(model, answer, number));
  const pieces = contentPieces(model, answer, number);
  const failure = geminiError(503, behaviour.error ?? {});
  if (inArray) {
    return {
      status: 200,
      headers,
      body: { events: scripted(behaviour, elements(pieces), `,\r\n${pretty(failure)}`), terminator: ']\n' },
    };
  }
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream', ...behaviour.headers },
    body: { events: scripted(behaviour, events(pieces), event(failure)), terminator: '' },
  };
}

// Google's lines end in CR LF.
const event = (piece: Json): string => `data: ${JSON.stringify(piece)}\r\n\r\n`;

function* events(pieces: Iterable<Json>): Generator<string> {
  for (const piece of pieces) yield event(piece);
}

/** Elements of the array, each with what stands before it. */
function* elements(pieces: Iterable<Json>): Generator<string> {
  let before = '[';
  for (const piece of pieces) {
    yield before + pretty(piece);
    before = ',\r\n';
  }
}
