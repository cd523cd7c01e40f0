import type { CanonicalRequest, EncodeContext, JsonObject, ReasoningRequest, Warn } from '@headgate/sdk';
import type { ModelTraits } from './model-traits.js';

type Effort = NonNullable<ReasoningRequest['effort']>;

/** The least budget a Claude model takes. */
const LEAST_BUDGET = 1024;
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

/** What is decided about reasoning; `maxTokens` includes it. */
export interface Thinking {
  /** Members of `additionalModelRequestFields`. */
  fields: JsonObject;
  /** `outputConfig.effort`. */
  effort?: string;
  maxTokens?: number;
  /** The model will think, and takes no sampling parameters then. */
  thinks: boolean;
}

/**
 * True when the turn that is being continued holds a tool call without the thinking that led to it. Claude refuses to
 * think further then; it happens when a client keeps no reasoning, or another provider made the call.
 */
function lacksThinking(request: CanonicalRequest): boolean {
  for (let i = request.messages.length - 1; i >= 0; i--) {
    const message = request.messages[i];
    if (message === undefined) continue;
    if (message.role === 'assistant') {
      const called = message.parts.some((part) => part.type === 'tool-call');
      const first = message.parts[0];
      const signed = first?.type === 'reasoning' && (first.signature ?? first.encrypted) !== undefined;
      if (called && !signed) return true;
    } else if (message.role === 'user' && message.parts.some((part) => part.type !== 'tool-result'))
      return false;
  }
  return false;
}

/** The hub's effort, derived from a budget where the client named only that. */
function effortOf(reasoning: ReasoningRequest): Effort {
  const { effort, budgetTokens: budget } = reasoning;
  if (effort !== undefined) return effort;
  return budget === undefined || budget > 8192 ? 'high' : budget <= 2048 ? 'low' : 'medium';
}

/** The three that every family with efforts knows. */
function threeEfforts(effort: Effort): 'low' | 'medium' | 'high' {
  if (effort === 'medium') return 'medium';
  return effort === 'none' || effort === 'minimal' || effort === 'low' ? 'low' : 'high';
}

function isForced(request: CanonicalRequest): boolean {
  return request.toolChoice?.mode === 'required' || request.toolChoice?.mode === 'tool';
}

function limitOf(request: CanonicalRequest, context: EncodeContext, warn: Warn): number | undefined {
  const asked = request.maxOutputTokens;
  const cap = context.maxOutputTokens;
  if (asked === undefined || cap === undefined || asked <= cap) return asked;
  warn('max_tokens', `the model writes at most ${cap} tokens`);
  return cap;
}

function plan(fields: JsonObject, maxTokens: number | undefined, thinks: boolean, effort?: string): Thinking {
  const thinking: Thinking = { fields, thinks };
  if (maxTokens !== undefined) thinking.maxTokens = maxTokens;
  if (effort !== undefined) thinking.effort = effort;
  return thinking;
}

/** Claude wants 1024 ≤ budget < maxTokens; without `maxTokens` the model's own limit holds. */
function withBudget(reasoning: ReasoningRequest, maxTokens: number | undefined, warn: Warn): Thinking {
  const wanted = Math.max(LEAST_BUDGET, reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? 'medium']);
  if (maxTokens !== undefined && maxTokens <= LEAST_BUDGET) {
    warn('reasoning', `thinking needs more than ${LEAST_BUDGET} output tokens`);
    return plan({}, maxTokens, false);
  }
  const fits = maxTokens === undefined || wanted < maxTokens;
  const budget = fits ? wanted : Math.max(LEAST_BUDGET, Math.floor((maxTokens as number) * 0.8));
  return plan({ thinking: { type: 'enabled', budget_tokens: budget } }, maxTokens, true);
}

function claude(
  request: CanonicalRequest,
  reasoning: ReasoningRequest,
  context: EncodeContext,
  traits: ModelTraits,
  maxTokens: number | undefined,
  off: boolean,
  warn: Warn,
): Thinking {
  const effort = effortOf(reasoning);
  // 4.6 knows `max` but not the step before it.
  const word =
    effort === 'minimal' || effort === 'none'
      ? 'low'
      : effort === 'xhigh' && /4[-.]6/.test(context.model)
        ? 'high'
        : effort;
  if (off && traits.alwaysThinks) {
    warn('reasoning', 'this model always thinks');
    return plan({}, maxTokens, true, 'low');
  }
  if (off)
    return plan(traits.reasoning === 'adaptive' ? { thinking: { type: 'disabled' } } : {}, maxTokens, false);
  if (traits.alwaysThinks) return plan({}, maxTokens, true, word);
  if (isForced(request)) {
    warn('reasoning', 'thinking is off because a tool call is forced');
    return plan({}, maxTokens, false);
  }
  if (traits.reasoning === 'adaptive') return plan({ thinking: { type: 'adaptive' } }, maxTokens, true, word);
  if (lacksThinking(request)) {
    warn('reasoning', 'thinking is off because an earlier tool call of this turn has none');
    return plan({}, maxTokens, false);
  }
  return withBudget(reasoning, maxTokens, warn);
}

/** Nova 2 wants neither a limit nor sampling parameters when it thinks hard. */
function nova(
  reasoning: ReasoningRequest,
  maxTokens: number | undefined,
  off: boolean,
  warn: Warn,
): Thinking {
  if (off) return plan({ reasoningConfig: { type: 'disabled' } }, maxTokens, false);
  const effort = threeEfforts(effortOf(reasoning));
  const fields = { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort } };
  if (effort !== 'high') return plan(fields, maxTokens, false);
  if (maxTokens !== undefined)
    warn('max_tokens', 'this model takes no limit when it thinks with high effort');
  return plan(fields, undefined, true);
}

/** Reasoning for a request that only says how hard to think, in the words of the model's family. */
export function planThinking(
  request: CanonicalRequest,
  context: EncodeContext,
  traits: ModelTraits,
  warn: Warn,
): Thinking {
  const maxTokens = limitOf(request, context, warn);
  const { reasoning } = request;
  if (reasoning === undefined) return plan({}, maxTokens, false);
  const off = reasoning.enabled === false || reasoning.effort === 'none';
  switch (traits.reasoning) {
    case 'budget':
    case 'adaptive':
      return claude(request, reasoning, context, traits, maxTokens, off, warn);
    case 'nova':
      return nova(reasoning, maxTokens, off, warn);
    case 'effort-field':
      return plan({ reasoning_effort: threeEfforts(effortOf(reasoning)) }, maxTokens, false);
    case 'effort-object':
      return plan({ reasoning: { effort: off ? 'none' : effortOf(reasoning) } }, maxTokens, false);
    case 'none':
      if (!off) warn('reasoning', 'reasoning cannot be asked for from this model');
      return plan({}, maxTokens, false);
  }
}
