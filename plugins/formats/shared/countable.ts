import type { CanonicalRequest, CanonicalResponse } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';

/**
 * The messages and tools of a request, without what only shapes its answer: nobody need be warned of what would not have
 * been counted.
 */
export function countableMessages(request: CanonicalRequest): CanonicalRequest {
  const { origin, model, messages, tools, extra } = request;
  return {
    origin,
    model,
    messages,
    sampling: {},
    stream: false,
    ...(tools && { tools }),
    ...(extra && { extra }),
  };
}

/** The same for APIs that also count what they add to the prompt for a choice of tools, a schema or reasoning. */
export function countable(request: CanonicalRequest): CanonicalRequest {
  const { toolChoice, parallelToolCalls, output, reasoning } = request;
  return {
    ...countableMessages(request),
    ...(toolChoice && { toolChoice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(output && { output }),
    ...(reasoning && { reasoning }),
  };
}

/** A count in the hub: an answer without choices whose usage is all it says. */
export function countedAnswer(origin: string, inputTokens: number, cacheReadTokens = 0): CanonicalResponse {
  return {
    origin,
    id: '',
    model: '',
    created: Math.floor(Date.now() / 1000),
    choices: [],
    usage: { ...emptyUsage(), inputTokens, cacheReadTokens },
  };
}

/** The count that such an answer stands for. */
export function countOf(answer: CanonicalResponse): number {
  return answer.usage?.inputTokens ?? 0;
}
