import { type Json, listOf, parseObject } from './json-value.js';
import { fakeVector } from './openai-embeddings.js';
import { type FakeProvider, startProvider } from './provider.js';

/**
 * Embeddings and reranking as Cohere, Gemini, Vertex AI, Ollama, Bedrock, Voyage, Jina and TEI document them, on one port:
 * their paths tell them apart. A vector depends on its text alone, so that a test knows which belongs where.
 */
export function startVectorServers(): Promise<FakeProvider> {
  return startProvider((request, behaviour) => {
    const headers = { 'content-type': 'application/json', ...behaviour.headers };
    const status = behaviour.status ?? 200;
    if (status >= 400)
      return { status, headers, body: JSON.stringify({ message: 'no', ...behaviour.error }) };
    if (behaviour.body !== undefined) return { status, headers, body: behaviour.body };
    const body = parseObject(request.body) ?? {};
    const [path = ''] = request.url.split('?');
    const answer = Object.entries(answers).find(([end]) => decodeURIComponent(path).endsWith(end))?.[1](body);
    if (answer === undefined) return { status: 404, headers, body: '{"message":"no such path"}' };
    return { status, headers, body: JSON.stringify(answer) };
  });
}

const text = (value: unknown): string => String(value);
const tokensOf = (texts: readonly unknown[]): number => texts.length * 3;
const base64 = (vector: number[]): string => Buffer.from(new Float32Array(vector).buffer).toString('base64');

function cohere(body: Json): Json {
  const texts = listOf(body['texts']);
  const types = listOf(body['embedding_types']).map(text);
  const made = texts.map((one) => fakeVector(one));
  const embeddings: Json = {};
  if (types.includes('float')) embeddings['float'] = made;
  if (types.includes('int8')) embeddings['int8'] = made.map((one) => one.map((x) => Math.round(x * 100)));
  return {
    id: 'emb-1',
    embeddings,
    texts,
    meta: { api_version: { version: '2' }, billed_units: { input_tokens: tokensOf(texts) } },
    response_type: 'embeddings_by_type',
  };
}

function gemini(body: Json): Json {
  const requests = listOf(body['requests']) as { content: { parts: { text: string }[] } }[];
  return { embeddings: requests.map(({ content }) => ({ values: fakeVector(content.parts[0]?.text) })) };
}

function vertex(body: Json): Json {
  const instances = listOf(body['instances']) as { content: string }[];
  return {
    predictions: instances.map(({ content }) => ({
      embeddings: { values: fakeVector(content), statistics: { token_count: 3, truncated: false } },
    })),
  };
}

function ollama(body: Json): Json {
  const texts = Array.isArray(body['input']) ? body['input'] : [body['input']];
  return {
    model: body['model'],
    embeddings: texts.map((one) => fakeVector(one)),
    total_duration: 14_143_917,
    load_duration: 1_019_500,
    prompt_eval_count: tokensOf(texts),
  };
}

function titan(body: Json): Json {
  const embedding = fakeVector(body['inputText']);
  return { embedding, embeddingsByType: { float: embedding }, inputTextTokenCount: 3 };
}

/** Voyage and Jina; the latter says `embedding_type` for what is `encoding_format` at the former. */
function openaiLike(body: Json): Json {
  const texts = Array.isArray(body['input']) ? body['input'] : [body['input']];
  const packed = body['encoding_format'] === 'base64' || body['embedding_type'] === 'base64';
  return {
    object: 'list',
    data: texts.map((one, index) => {
      const vector = fakeVector(one);
      return { object: 'embedding', index, embedding: packed ? base64(vector) : vector };
    }),
    model: body['model'],
    usage: { prompt_tokens: tokensOf(texts), total_tokens: tokensOf(texts) },
  };
}

/** Ranked by length, the longest first. */
function ranked(documents: readonly unknown[]): { index: number; score: number }[] {
  const all = documents.map((one, index) => ({ index, score: Math.min(1, text(one).length / 100) }));
  return all.sort((a, b) => b.score - a.score);
}

function rerank(body: Json): Json {
  const documents = listOf(body['documents']);
  const top = Number(body['top_n'] ?? documents.length);
  const results = ranked(documents).slice(0, top);
  return {
    id: 'rr-1',
    results: results.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(body['return_documents'] === true && { document: { text: documents[index] } }),
    })),
    meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
  };
}

function voyageRerank(body: Json): Json {
  const documents = listOf(body['documents']);
  const results = ranked(documents).slice(0, Number(body['top_k'] ?? documents.length));
  return {
    object: 'list',
    data: results.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(body['return_documents'] === true && { document: documents[index] }),
    })),
    model: body['model'],
    usage: { total_tokens: 42 },
  };
}

const answers: Record<string, (body: Json) => unknown> = {
  '/v2/embed': cohere,
  ':batchEmbedContents': gemini,
  ':predict': vertex,
  '/api/embed': ollama,
  'titan-embed-text-v2:0/invoke': titan,
  'cohere.rerank-v3-5:0/invoke': rerank,
  '/voyage/embeddings': openaiLike,
  '/jina/embeddings': openaiLike,
  // What Cohere, Gemini and Ollama have for clients of OpenAI.
  '/v1/embeddings': openaiLike,
  '/openai/embeddings': openaiLike,
  '/v2/rerank': rerank,
  '/v1/rerank': rerank,
  '/voyage/rerank': voyageRerank,
  '/jina/rerank': rerank,
  // Its answer is a bare list.
  '/tei/rerank': (body) => ranked(listOf(body['texts'])),
};
