import { Exchange } from '../../exchange.js';
import { RequestBody } from '../../http/request-body.js';
import { attemptTargets } from '../../model-call.js';
import { proceed, type Stage } from '../../pipeline.js';
import { wholeSink } from '../../relay/whole-sink.js';
import { check } from '../../stages/check.js';
import { decode } from '../../stages/decode.js';
import { plan } from '../../stages/plan.js';
import { route } from '../../stages/route.js';
import { scan } from '../../stages/scan.js';

const STAGES: readonly Stage[] = [scan, plan, decode, check, route, attemptTargets];
const FORMAT = 'openai-embeddings';
/** Texts of one request; providers take no more. */
const MOST_TEXTS = 256;

let count = 0;

/**
 * Embeddings of texts, by a model of the gateway, for whoever makes a request: limits, budgets and the record are those of an ordinary request for
 * embeddings of the same caller. Rejects with an Error that says why there are none.
 */
export async function embed(of: Exchange, model: string, texts: readonly string[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += MOST_TEXTS)
    vectors.push(...(await embedSome(of, model, texts.slice(from, from + MOST_TEXTS))));
  return vectors;
}

function embedSome(of: Exchange, model: string, texts: readonly string[]): Promise<Float32Array[]> {
  const { io, principal, metadata, timeoutMs } = of;
  const endpoint = io.endpoints.speaking(FORMAT);
  if (endpoint.format.id !== FORMAT) throw new Error('there is no API for embeddings');
  return new Promise((resolve, reject) => {
    const body = new RequestBody(Number.POSITIVE_INFINITY);
    body.set(Buffer.from(JSON.stringify({ model, input: texts })));
    const sink = wholeSink((status, text) => {
      if (status === 200) resolve(vectorsOf(text, texts.length));
      else reject(new Error(x.error?.message ?? `it answered with HTTP ${status}`));
    });
    const headers = ['content-type', 'application/json'];
    const incoming = { method: 'POST', path: endpoint.path, query: '', model: '', headers, body, sink };
    const x = new Exchange(io, endpoint, incoming, `${of.id}.e${++count}`);
    x.principal = principal;
    x.metadata = metadata;
    x.timeoutMs = timeoutMs;
    io.inFlight++;
    proceed(x, STAGES);
  }).then((vectors) => vectors as Float32Array[]);
}

interface Embeddings {
  readonly data: readonly { readonly index?: number; readonly embedding: readonly number[] | string }[];
}

function vectorsOf(text: string, count: number): Float32Array[] {
  const { data } = JSON.parse(text) as Embeddings;
  if (!Array.isArray(data) || data.length !== count)
    throw new Error('it answered with other embeddings than were asked for');
  const vectors: Float32Array[] = new Array(count);
  data.forEach(({ index, embedding }, at) => {
    vectors[index ?? at] = unit(
      typeof embedding === 'string' ? fromBase64(embedding) : Float32Array.from(embedding),
    );
  });
  return vectors;
}

function fromBase64(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}

/** Of length one, so that a product of two says how near they are. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}
