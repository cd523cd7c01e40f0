import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { type OllamaKind, ollamaAnswer, ollamaLines } from './ollama-answers.js';
import { checkOllama } from './ollama-checks.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

const words: Record<number, string> = {
  400: 'invalid options: temperature',
  401: 'unauthorized',
  404: "model 'llama-unknown' not found",
  429: 'too many concurrent requests',
  500: 'llama runner process has terminated: exit status 2',
  502: 'could not reach the cloud model',
  503: 'server busy, please try again.  maximum pending requests exceeded',
};

/** Ollama as its API reference documents it: chat and generate. It asks for no key. */
export function startOllama(): Promise<FakeProvider> {
  return startProvider(respond);
}

const kinds: Record<string, OllamaKind> = { '/api/chat': 'chat', '/api/generate': 'generate' };

function respond(request: Received, behaviour: Behaviour): Reply {
  const headers = { 'content-type': 'application/json; charset=utf-8', ...behaviour.headers };
  const failed = (status: number, more: Json): Reply => ({
    status,
    headers,
    body: JSON.stringify({ error: words[status] ?? words[500], ...more }),
  });
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  try {
    return route(request, behaviour, headers);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.status, { error: error.message });
  }
}

function route(request: Received, behaviour: Behaviour, headers: Record<string, string>): Reply {
  const kind = kinds[request.url.split('?')[0] ?? ''];
  if (request.method !== 'POST' || kind === undefined)
    return { status: 404, headers: { ...headers, 'content-type': 'text/plain' }, body: '404 page not found' };
  if (request.body.length === 0) throw new Refused(400, 'missing request body');
  const body = parseObject(request.body);
  if (body === null) throw new Refused(400, 'invalid character looking for beginning of value');
  checkOllama(body, kind === 'chat' ? 'ChatRequest' : 'GenerateRequest');
  const answer = behaviour.answer ?? { text: 'Hello from the fake Ollama.' };
  // Who says nothing gets a stream.
  if (body['stream'] === false)
    return { status: 200, headers, body: JSON.stringify(ollamaAnswer(kind, body['model'], answer)) };
  const failure = `${JSON.stringify({ error: words[500], ...behaviour.error })}\n`;
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/x-ndjson', ...behaviour.headers },
    body: {
      events: scripted(behaviour, ollamaLines(kind, body['model'], answer), failure),
      terminator: '',
    },
  };
}
