import { createHash } from 'node:crypto';
import type { Exchange } from '../../exchange.js';
import type { IoThread } from '../../io-thread.js';
import type { PlacedTool } from '../code/program-tools.js';
import type { ToolDefinition } from '../protocol.js';
import { embed } from './embed.js';
import { parametersOf } from './word-index.js';

/** Of one thread; the oldest give way. A vector has some kilobytes. */
const MOST_VECTORS = 5000;
const MOST_TEXT = 1000;
/** Milliseconds between two lines of the log about the same. */
const SAY_AGAIN_MS = 60_000;

type Vector = Promise<Float32Array | null>;

/** Vectors by what they are of, as long as there is room. */
class VectorCache {
  readonly known = new Map<string, Vector>();
  saidAt = Number.NEGATIVE_INFINITY;

  put(place: string, vector: Vector): void {
    this.known.set(place, vector);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MOST_VECTORS) break;
      this.known.delete(oldest);
    }
  }
}

const caches = new WeakMap<IoThread, VectorCache>();

/** What tools and questions are about, as an embedding model sees it; asked for on behalf of one request. */
export class ToolVectors {
  private readonly cache: VectorCache;

  constructor(
    private readonly x: Exchange,
    private readonly model: string,
  ) {
    let cache = caches.get(x.io);
    if (cache === undefined) caches.set(x.io, (cache = new VectorCache()));
    this.cache = cache;
  }

  /** Tools, the nearest to a question first; null where the model cannot be had, which is no reason to fail. */
  async nearest<T extends PlacedTool>(question: string, tools: readonly T[]): Promise<T[] | null> {
    const asked = { place: `?${createHash('sha256').update(question).digest('hex')}`, text: question };
    const all = [asked, ...tools.map(({ tool }) => ({ place: tool.fingerprint, text: textOf(tool) }))];
    const [vector, ...vectors] = await Promise.all(this.vectors(all));
    if (vector == null) return null;
    const scored = tools.flatMap((tool, i) => {
      const one = vectors[i];
      return one == null ? [] : [{ tool, score: product(vector, one) }];
    });
    return scored.sort((a, b) => b.score - a.score).map(({ tool }) => tool);
  }

  private vectors(all: readonly { readonly place: string; readonly text: string }[]): Vector[] {
    const { known } = this.cache;
    const of = (place: string): string => `${this.model} ${place}`;
    const missing = all.filter(({ place }) => !known.has(of(place)));
    const found = all.map(({ place }) => known.get(of(place)));
    if (missing.length === 0) return found as Vector[];
    const asked = embed(
      this.x,
      this.model,
      missing.map(({ text }) => text),
    ).catch((error) => {
      this.say(error);
      return null;
    });
    const own = new Map<string, Vector>();
    missing.forEach(({ place }, i) => {
      const vector = asked.then((vectors) => vectors?.[i] ?? null);
      own.set(place, vector);
      this.cache.put(of(place), vector);
    });
    asked.then((vectors) => {
      if (vectors === null) for (const { place } of missing) known.delete(of(place));
    });
    return all.map(({ place }, i) => found[i] ?? (own.get(place) as Vector));
  }

  private say(error: unknown): void {
    const now = performance.now();
    if (now - this.cache.saidAt < SAY_AGAIN_MS) return;
    this.cache.saidAt = now;
    const why = error instanceof Error ? error.message : String(error);
    this.x.io.log.warn('tools are searched by words alone: there are no embeddings', {
      model: this.model,
      why,
    });
  }
}

function textOf({ name, description, inputSchema }: ToolDefinition): string {
  return `${name}: ${description.slice(0, MOST_TEXT)} (${parametersOf(inputSchema).slice(0, 50).join(', ')})`;
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] ?? 0);
  return sum;
}
