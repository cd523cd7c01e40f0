import type { Operation } from '@headgate/sdk';
import { parsedBody } from './canonical-of.js';
import { maxCostNano, type Reach } from './catalog/prices/max-cost.js';
import type { Exchange } from './exchange.js';
import type { CompiledTarget } from './route/target.js';

/** Output tokens of a request that sets no cap, at a model whose own cap nobody knows. */
const DEFAULT_OUTPUT_TOKENS = 4096;

/**
 * A token is at least one byte of text, and JSON never makes text shorter, so the body's bytes bound the tokens of its
 * texts; this is for what providers add to them: chat templates, and about 500 tokens of instructions for tools.
 */
const ADDED_INPUT_TOKENS = 512;

/** Fields that multiply an answer's length in the formats that have them. */
const CHOICES = ['n', 'best_of'] as const;

/** The cap on output tokens that the request sets, over all its choices. */
export function maxOutputTokens(x: Exchange): number | undefined {
  if (!x.edited) return x.endpoint.format.maxOutputTokens?.(x);
  const { maxOutputTokens: cap, choices } = x.canonical ?? {};
  return cap === undefined ? undefined : cap * Math.max(1, choices ?? 1);
}

/**
 * The most that the request can cost at the dearest target it may go to, nano-dollars; null when none has a price.
 * `outputTokens` replaces what is known of the length of the answer.
 */
export function maxCost(x: Exchange, outputTokens?: number): number | null {
  if (x.tool !== null) return x.tool.priceNano;
  const { operation } = x.endpoint.format;
  if (operation === 'count-tokens' || (x.forward !== null && !spends(x))) return 0;
  const output = outputTokens ?? (operation === 'chat' || operation === 'realtime' ? maxOutputTokens(x) : 0);
  const input = inputBytes(x) + ADDED_INPUT_TOKENS;
  const { format } = x.endpoint;
  const reach: Reach = {
    tier: format.serviceTier?.(x),
    variant: format.priceVariant?.(x),
    pieces: piecesOf(x),
  };
  let most: number | null = null;
  for (const target of possibleTargets(x)) {
    const cost = atTarget(x, target, { input, output, reach });
    if (cost !== null && (most === null || cost > most)) most = cost;
  }
  if (x.leastNano > 0 && most !== null) return Math.max(most, x.leastNano);
  // What is forwarded costs something although nobody knows how much: not when everything is spent.
  return x.forward === null ? most : Math.max(1, most ?? 0);
}

const FREE = new Set<Operation>(['file', 'moderation']);
const READS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** Whether a request that is only forwarded makes a provider do something that it charges for. */
function spends({ endpoint, incoming }: Exchange): boolean {
  return !FREE.has(endpoint.format.operation) && !READS.has(incoming.method);
}

interface Bounds {
  readonly input: number;
  readonly output: number | undefined;
  readonly reach: Reach;
}

function atTarget(x: Exchange, target: CompiledTarget, { input, output, reach }: Bounds): number | null {
  if (x.forward === null && !target.speech.has(x.endpoint.format.id)) return null;
  const { prices } = x.runtime;
  const { id } = target.provider;
  const price = prices.find(id, target.model, x.receivedAt);
  if (price === null || price.free) return price === null ? null : 0;
  const info = prices.info(id, target.model);
  const window = info?.contextWindow ?? null;
  const tokens = window === null ? input : Math.min(input, window);
  const cap = output ?? (info?.maxOutputTokens ?? DEFAULT_OUTPUT_TOKENS) * choices(x);
  return maxCostNano(price, tokens, cap, reach);
}

/** Most pictures and seconds of video that are made where a request does not say how many. */
const USUAL_PICTURES = 1;
const USUAL_VIDEO_SECONDS = 12;
/** Queries are billed by the hundred documents, and a document has two quotes and a comma at least. */
const BYTES_A_SEARCH_UNIT = 200;

/**
 * The most that a request which is only forwarded can use by the piece. What its body does not tell is not in it: how
 * long a recording is, how many pages a document behind a link has.
 */
function piecesOf(x: Exchange): Reach['pieces'] {
  if (x.forward === null) return undefined;
  const bytes = x.incoming.body.bytes.length;
  switch (x.endpoint.format.operation) {
    case 'image':
      return { images: asked(x, 'n') ?? USUAL_PICTURES };
    case 'video':
      return { videoMs: (asked(x, 'seconds') ?? USUAL_VIDEO_SECONDS) * 1000 };
    case 'audio':
      return { characters: bytes };
    case 'rerank':
      return { searchUnits: Math.ceil(bytes / BYTES_A_SEARCH_UNIT) + 1 };
    default:
      return undefined;
  }
}

/** A number at the top of a body in JSON; undefined in a form, and where it is none. */
function asked(x: Exchange, name: string): number | undefined {
  if (x.incoming.body.streamed || x.spans === null) return undefined;
  try {
    const value = Number(parsedBody(x)[name]);
    return value > 0 ? value : undefined;
  } catch {
    // Broken JSON is for the provider to complain of.
    return undefined;
  }
}

/** Once they are ordered, those; before that, the model's, and what `x-headgate-fallbacks` adds to them. */
function possibleTargets(x: Exchange): readonly CompiledTarget[] {
  if (x.targets.length > 0) return x.targets;
  const own = x.route?.targets ?? [];
  const header = x.header('x-headgate-fallbacks');
  if (header === undefined) return own;
  // A name that means nothing is the route stage's to refuse.
  const more = header
    .split(',')
    .flatMap((name) => x.runtime.models.find(name.trim(), x.endpoint.format)?.targets ?? []);
  return [...own, ...more];
}

function inputBytes(x: Exchange): number {
  const { length } = x.incoming.body.bytes;
  return x.edited ? Math.max(length, Buffer.byteLength(JSON.stringify(x.canonical ?? x.task))) : length;
}

function choices(x: Exchange): number {
  if (x.edited) return Math.max(1, x.canonical?.choices ?? 1);
  let most = 1;
  for (const name of CHOICES) {
    const asked = Number(x.json(name));
    if (asked > most) most = asked;
  }
  return most;
}
