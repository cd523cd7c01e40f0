import type { CanonicalRequest, EncodeContext, JsonObject, ReasoningRequest, Warn } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { extraOf, needString, optInteger, optObject } from '../shared/read-json.js';
import type { ModelTraits } from './model-traits.js';

type Effort = NonNullable<ReasoningRequest['effort']>;

const THINKING_KEYS = new Set(['type', 'budget_tokens']);
const EFFORTS = new Set<string>(['low', 'medium', 'high', 'xhigh', 'max']);

/** The least budget Anthropic takes. */
const LEAST_BUDGET = 1024;
/** `max_tokens` where neither the client nor the catalogue says one. */
export const DEFAULT_MAX_TOKENS = 4096;
/** OpenAI's efforts as budgets of tokens. */
const BUDGETS: Record<Effort, number> = {
  none: 0,
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16384,
  xhigh: 32768,
  max: 65536,
};

/** `thinking` and `output_config.effort`. */
export function decodeThinking(body: JsonObject): ReasoningRequest | undefined {
  const thinking = optObject(body, 'thinking', '');
  const effort = optObject(body, 'output_config', '')?.['effort'];
  if (thinking === undefined && (effort === undefined || effort === null)) return undefined;
  const reasoning: ReasoningRequest = {};
  if (thinking !== undefined) {
    const type = needString(thinking, 'type', 'thinking');
    const budget = optInteger(thinking, 'budget_tokens', 'thinking');
    reasoning.enabled = type !== 'disabled';
    if (budget !== undefined) reasoning.budgetTokens = budget;
    const extra = extraOf(thinking, THINKING_KEYS) ?? {};
    if (!isDerived(type, budget)) extra['type'] = type;
    if (Object.keys(extra).length > 0) reasoning.extra = extra;
  }
  if (effort !== undefined && effort !== null) {
    if (typeof effort !== 'string' || !EFFORTS.has(effort))
      throw new MalformedBody(
        `'output_config.effort' must be one of ${[...EFFORTS].join(', ')}`,
        'output_config.effort',
      );
    reasoning.effort = effort as Effort;
  }
  return reasoning;
}

/** Whether the type follows from the hub's members alone. */
function isDerived(type: string, budget: number | undefined): boolean {
  return (
    type === 'disabled' ||
    (type === 'enabled' && budget !== undefined) ||
    (type === 'adaptive' && budget === undefined)
  );
}

function thinkingOf(reasoning: ReasoningRequest): JsonObject | undefined {
  if (reasoning.enabled === undefined) return undefined;
  const budget = reasoning.budgetTokens;
  const json: JsonObject = {
    type: !reasoning.enabled ? 'disabled' : budget === undefined ? 'adaptive' : 'enabled',
  };
  if (budget !== undefined) json['budget_tokens'] = budget;
  return { ...json, ...reasoning.extra };
}

/** What is decided about thinking; `maxTokens` includes it. */
export interface Thinking {
  thinking?: JsonObject;
  effort?: string;
  maxTokens: number;
}

/**
 * True when the turn that is being continued holds a tool call without the thinking that led to it. Anthropic refuses
 * to think further then; it happens when a client keeps no reasoning, or another provider made the call.
 */
function lacksThinking(request: CanonicalRequest): boolean {
  for (let i = request.messages.length - 1; i >= 0; i--) {
    const message = request.messages[i];
    if (message === undefined) continue;
    if (message.role === 'assistant') {
      const called = message.parts.some((part) => part.type === 'tool-call');
      const first = message.parts[0];
      const thought =
        first?.type === 'reasoning' && (first.signature !== undefined || first.encrypted !== undefined);
      if (called && !thought) return true;
    } else if (message.role === 'user' && message.parts.some((part) => part.type !== 'tool-result'))
      return false;
  }
  return false;
}

function effortOf(reasoning: ReasoningRequest, model: string): string {
  const { effort, budgetTokens: budget } = reasoning;
  if (effort === undefined)
    return budget === undefined || budget > 8192 ? 'high' : budget <= 2048 ? 'low' : 'medium';
  if (effort === 'minimal' || effort === 'none') return 'low';
  // 4.6 knows `max` but not the step before it.
  return effort === 'xhigh' && /4[-.]6/.test(model) ? 'high' : effort;
}

function isForced(request: CanonicalRequest): boolean {
  return request.toolChoice?.mode === 'required' || request.toolChoice?.mode === 'tool';
}

function ownLimit(request: CanonicalRequest, context: EncodeContext, warn: Warn): number {
  const asked = request.maxOutputTokens;
  const cap = context.maxOutputTokens;
  if (asked === undefined) return cap ?? DEFAULT_MAX_TOKENS;
  if (cap === undefined || asked <= cap) return asked;
  warn('max_tokens', `the model writes at most ${cap} tokens`);
  return cap;
}

/** Thinking for a request of another format, which only says how hard to think. */
export function planThinking(
  request: CanonicalRequest,
  context: EncodeContext,
  traits: ModelTraits,
  warn: Warn,
): Thinking {
  const maxTokens = ownLimit(request, context, warn);
  const reasoning = request.reasoning;
  if (reasoning === undefined) return { maxTokens };
  const off = reasoning.enabled === false || reasoning.effort === 'none';
  if (off && traits.alwaysThinks) {
    warn('reasoning', 'this model always thinks');
    return { effort: 'low', maxTokens };
  }
  if (off) return traits.adaptive ? { thinking: { type: 'disabled' }, maxTokens } : { maxTokens };
  const effort = effortOf(reasoning, context.model);
  if (traits.alwaysThinks) return { effort, maxTokens };
  if (isForced(request)) {
    warn('reasoning', 'thinking is off because a tool call is forced');
    return { maxTokens };
  }
  if (traits.adaptive) return { thinking: { type: 'adaptive' }, effort, maxTokens };
  if (lacksThinking(request)) {
    warn('reasoning', 'thinking is off because an earlier tool call of this turn has none');
    return { maxTokens };
  }
  return withBudget(request, context, reasoning, maxTokens, warn);
}

/** Anthropic wants 1024 ≤ budget < max_tokens. */
function withBudget(
  request: CanonicalRequest,
  context: EncodeContext,
  reasoning: ReasoningRequest,
  limit: number,
  warn: Warn,
): Thinking {
  const wanted = Math.max(LEAST_BUDGET, reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? 'medium']);
  // With no cap known at all the budget comes on top of the room for the answer.
  const unknown = request.maxOutputTokens === undefined && context.maxOutputTokens === undefined;
  const maxTokens = unknown ? wanted + DEFAULT_MAX_TOKENS : limit;
  if (maxTokens <= LEAST_BUDGET) {
    warn('reasoning', `thinking needs more than ${LEAST_BUDGET} output tokens`);
    return { maxTokens };
  }
  const budget = wanted < maxTokens ? wanted : Math.max(LEAST_BUDGET, Math.floor(maxTokens * 0.8));
  return { thinking: { type: 'enabled', budget_tokens: budget }, maxTokens };
}

/** Thinking of a request that was made for this API, as it came. */
export function sameThinking(request: CanonicalRequest, context: EncodeContext): Thinking {
  const plan: Thinking = {
    maxTokens: request.maxOutputTokens ?? context.maxOutputTokens ?? DEFAULT_MAX_TOKENS,
  };
  if (request.reasoning === undefined) return plan;
  const thinking = thinkingOf(request.reasoning);
  if (thinking !== undefined) plan.thinking = thinking;
  if (request.reasoning.effort !== undefined) plan.effort = request.reasoning.effort;
  return plan;
}
