import {
  type Filter,
  type Handler,
  type HookOptions,
  type Needs,
  type OnFailure,
  type Phase,
  phaseKinds,
} from '@headgate/sdk';
import type { AnyBound, Bound } from '../plan/plan.js';
import type { PluginLogger } from './logger.js';

const DEFAULT_TIMEOUT_MS = 5_000;

/** What the operator says about a plugin's hooks in the config, over what the plugin says itself. */
export interface BindOptions {
  readonly name: string;
  readonly needs: Needs;
  readonly order: number | null;
  readonly onFailure: OnFailure | null;
  readonly timeoutMs: number | null;
  readonly log: PluginLogger;
}

/** Turns what `setup` returned into bound hooks. Throws on a phase that does not exist or that the needs do not allow. */
export function bindHooks(returned: unknown, options: BindOptions): AnyBound[] {
  if (returned === undefined || returned === null) return [];
  if (typeof returned !== 'object') throw new Error('setup must return an object of hooks, or nothing');
  return Object.entries(returned).map(([phase, given]) => {
    if (!(phase in phaseKinds))
      throw new Error(`there is no hook "${phase}"; there are ${Object.keys(phaseKinds).join(', ')}`);
    checkNeeds(phase as Phase, options.needs);
    return bind(phase as Phase, given, options) as AnyBound;
  });
}

const needed: Partial<Record<Phase, Needs['response']>> = {
  bytes: 'bytes',
  event: 'events',
  response: 'whole',
};

function checkNeeds(phase: Phase, needs: Needs): void {
  const wanted = needed[phase];
  if (wanted !== undefined && needs.response !== wanted) {
    throw new Error(
      `the hook "${phase}" needs { response: '${wanted}' }, but the plugin declares '${needs.response}'`,
    );
  }
}

function bind<P extends Phase>(phase: P, given: unknown, options: BindOptions): Bound<P> {
  const detailed = typeof given === 'object' && given !== null ? (given as HookOptions<P, Needs>) : null;
  const hold = detailed?.hold ?? null;
  const handler = detailed === null ? given : detailed.handler;
  if (typeof handler !== 'function' && hold === null)
    throw new Error(`the hook "${phase}" is not a function`);
  return {
    plugin: options.name,
    phase,
    handler: handler as Handler<P, Needs>,
    onFailure: onFailureOf(phase, options.onFailure ?? detailed?.onFailure),
    timeoutMs: options.timeoutMs ?? detailed?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    order: options.order ?? detailed?.order ?? 0,
    filter: (detailed?.filter ?? null) as Filter | null,
    needs: options.needs,
    hold: hold as Bound<P>['hold'],
    log: options.log,
  };
}

/** What guards or decides fails closed unless told otherwise. What only looks comes too late to close anything. */
function onFailureOf(phase: Phase, wanted: OnFailure | undefined): OnFailure {
  const kind = phaseKinds[phase];
  return kind === 'tap' || kind === 'notify' ? 'open' : (wanted ?? 'closed');
}
