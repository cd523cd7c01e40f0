import { type CanonicalRequest, emptyUsage, type Part } from '@headgate/sdk';
import { answerCanonical } from './answer.js';
import { canonicalOf } from './canonical-of.js';
import type { Exchange } from './exchange.js';
import { fail } from './fail.js';
import type { Failure } from './failure.js';
import type { Wait } from './pipeline.js';

/** What chat templates add around each message, by OpenAI's cookbook on counting tokens. */
const PER_MESSAGE = 3;

/**
 * Counts a request's tokens for a target that does not: its texts and tool definitions go through the tokenizer on the
 * worker pool. An estimate, and the answer says so: pictures are not counted and templates differ.
 */
export function countTokensHere(x: Exchange, model: string): Wait {
  const request = canonicalOf(x);
  // What a target had no words for has been counted now.
  x.dropped = null;
  x.addHeaders(['x-headgate-estimated', 'true']);
  const text = textOf(request);
  return x.io.control.countTokens(model, text).then(
    (tokens) => {
      if (x.answered) return;
      answerCanonical(x, {
        origin: x.endpoint.format.id,
        id: x.id,
        model: x.model,
        created: Math.floor(x.receivedAt / 1000),
        choices: [],
        usage: { ...emptyUsage(), inputTokens: tokens + PER_MESSAGE * (request.messages.length + 1) },
      });
    },
    (reason) => fail(x, reason),
  );
}

/**
 * Whether a target that refused to count means that it cannot: Bedrock counts for some models only, and servers that are
 * like OpenAI's need not have the path. What is wrong with a request in the client's own words is the client's to hear.
 */
export function mayCountHere({ endpoint, answered }: Exchange, { cause, speech, body }: Failure): boolean {
  if (endpoint.format.operation !== 'count-tokens' || answered) return false;
  if (cause === 405 || cause === 501) return true;
  if (!speech.same) return cause === 400 || cause === 404;
  return cause === 404 && !body.includes('"error"');
}

function textOf(request: CanonicalRequest): string {
  const texts = request.messages.flatMap((message) => message.parts.flatMap(partTexts));
  for (const tool of request.tools ?? []) {
    texts.push(
      tool.kind === 'function'
        ? JSON.stringify([tool.name, tool.description, tool.parameters])
        : JSON.stringify(tool.value),
    );
  }
  return texts.join('\n');
}

function partTexts(part: Part): string[] {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return [part.text];
    case 'tool-call':
      return [part.name, part.arguments];
    case 'tool-result':
      return part.content.flatMap(partTexts);
    case 'document':
      return part.source.kind === 'text' ? [part.source.text] : [];
    default:
      return [];
  }
}
