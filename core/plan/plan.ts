import type { Filter, Handler, HoldWindow, Needs, OnFailure, Phase, WireFormat } from '@headgate/sdk';
import type { PluginLogger } from '../plugin/logger.js';
import { patternMatcher } from '../route/pattern.js';

/** A plugin's handler of one phase, ready to be called. */
export interface Bound<P extends Phase> {
  readonly plugin: string;
  readonly phase: P;
  readonly handler: Handler<P, Needs>;
  readonly onFailure: OnFailure;
  readonly timeoutMs: number;
  readonly order: number;
  readonly filter: Filter | null;
  readonly needs: Needs;
  readonly hold: HoldWindow<Needs> | null;
  readonly log: PluginLogger;
}

export type AnyBound = { [P in Phase]: Bound<P> }[Phase];

/** What is run for requests of one client format and model: per phase a list in order, or null, which costs one check. */
export type Plan = { readonly [P in Exclude<Phase, 'identify'>]: readonly Bound<P>[] | null } & {
  /** Some hook reads the request in the hub. */
  readonly readsRequest: boolean;
  /** How much of the answer the hooks need. */
  readonly answer: Needs['response'];
  /** Names of the plugins that these hooks are of. */
  readonly plugins: readonly string[];
};

/** Most plans remembered apart; clients can ask for any model name. */
const MAX_PLANS = 1_000;
/** A longer model name is not worth remembering. */
const MAX_NAME = 256;

/** All hooks of all plugins, folded into plans: once a format when no hook names models, else once per format and model. */
export class PlanTable {
  /** Runs before the model is known, so filters do not apply. */
  readonly identify: readonly Bound<'identify'>[] | null;
  private readonly hooks: readonly AnyBound[];
  private readonly byModel: boolean;
  private readonly plans = new Map<string, Plan>();

  constructor(hooks: readonly AnyBound[]) {
    // A stable sort: ties stay in the order of the config.
    this.hooks = [...hooks].sort((a, b) => a.order - b.order);
    this.identify = pick(this.hooks, 'identify');
    this.byModel = hooks.some((hook) => hook.filter?.models !== undefined);
  }

  find(format: WireFormat, model: string): Plan {
    const name = this.byModel ? `${format.id} ${model}` : format.id;
    let plan = this.plans.get(name);
    if (plan === undefined) {
      plan = fold(
        this.hooks.filter((hook) => matches(hook.filter, format.id, model) && readable(hook, format)),
      );
      if (this.plans.size >= MAX_PLANS) this.plans.clear();
      if (name.length <= MAX_NAME) this.plans.set(name, plan);
    }
    return plan;
  }
}

/**
 * Hooks that read the hub exist for chats: an embedding has no messages and no events. Where a chat format has no codec
 * they stay in the plan, and the request fails rather than pass them by.
 */
function readable(hook: AnyBound, format: WireFormat): boolean {
  if (format.operation === 'chat' || isOfTools(hook)) return true;
  if (hook.phase === 'event' || hook.phase === 'response') return format.response !== undefined;
  return hook.phase === 'settled' || hook.needs.request !== 'canonical' || format.request !== undefined;
}

function matches(filter: Filter | null, format: string, model: string): boolean {
  if (filter?.formats !== undefined && !patternMatcher(filter.formats)(format)) return false;
  return filter?.models === undefined || patternMatcher(filter.models)(model);
}

/** Of calls of tools, which have nothing that the hub could hold. */
function isOfTools({ phase }: AnyBound): boolean {
  return phase === 'tool' || phase === 'toolResult';
}

const weight: Record<Needs['response'], number> = { none: 0, bytes: 1, events: 2, whole: 3 };

function fold(hooks: readonly AnyBound[]): Plan {
  const refused = pick(hooks, 'refused');
  const settled = pick(hooks, 'settled');
  let answer: Needs['response'] = 'none';
  for (const hook of hooks) {
    const asks = hook.phase === 'bytes' || hook.phase === 'event' || hook.phase === 'response';
    if (asks && weight[hook.needs.response] > weight[answer]) answer = hook.needs.response;
  }
  return Object.freeze({
    request: pick(hooks, 'request'),
    refused: refused === null ? null : [...refused].reverse(),
    route: pick(hooks, 'route'),
    upstream: pick(hooks, 'upstream'),
    head: pick(hooks, 'head'),
    bytes: pick(hooks, 'bytes'),
    event: pick(hooks, 'event'),
    response: pick(hooks, 'response'),
    tool: pick(hooks, 'tool'),
    toolResult: pick(hooks, 'toolResult'),
    settled: settled === null ? null : [...settled].reverse(),
    readsRequest: hooks.some(
      (hook) => hook.phase !== 'settled' && !isOfTools(hook) && hook.needs.request === 'canonical',
    ),
    answer,
    plugins: Object.freeze([...new Set(hooks.map((hook) => hook.plugin))]),
  });
}

function pick<P extends Phase>(hooks: readonly AnyBound[], phase: P): readonly Bound<P>[] | null {
  const found = hooks.filter((hook) => hook.phase === phase) as unknown as Bound<P>[];
  return found.length === 0 ? null : found;
}
