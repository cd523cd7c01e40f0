import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { OwnedObject } from '../forward/owner.js';
import { detach } from '../kept/background.js';
import { type Conversation, keepsAnswers } from '../kept/conversation.js';
import type { Wait } from '../pipeline.js';

/**
 * Between 9 and 10. What is about a file or the like goes to where that is. A conversation that a provider keeps goes on there and nowhere else; a request in the background parts from its
 * client, unless its provider does that itself.
 */
export function anchor(x: Exchange): Wait | undefined {
  const { conversation, about } = x;
  if (about !== null) hold(x, about);
  if (conversation === null) return undefined;
  const { previous, conversation: at, background } = conversation.asked;
  if (at !== null || (previous !== null && conversation.earlier === null)) tie(x, conversation);
  const [first] = x.targets;
  if (!background || first === undefined || keepsAnswers(first, x.endpoint.format.id)) return undefined;
  return detach(x, conversation);
}

/** Files and the like are where they were uploaded, and nowhere else. */
function hold(x: Exchange, { id, provider }: OwnedObject): void {
  const there = x.targets.filter((target) => target.provider.id === provider);
  if (there.length === 0) {
    const model = x.route?.name ?? x.model;
    throw gatewayError('object_elsewhere', { id: id.slice(0, 100), provider, model });
  }
  x.targets = there;
}

function tie(x: Exchange, conversation: Conversation): void {
  const { owner } = conversation;
  const keeping = x.targets.filter((target) => keepsAnswers(target, x.endpoint.format.id));
  const own = owner === null ? keeping : keeping.filter(({ provider }) => provider.id === owner.provider);
  if (own.length === 0) throw unknownHere(x, conversation);
  // One that was not made here may be known to any of them: the first is asked, and says so if it is not.
  const only = owner === null ? own.filter(({ provider }) => provider.id === own[0]?.provider.id) : own;
  conversation.tied = only.length < x.targets.length;
  x.targets = only;
}

function unknownHere(x: Exchange, { owner, asked }: Conversation): Error {
  const model = x.route?.name ?? x.model;
  if (owner !== null) return gatewayError('conversation_elsewhere', { provider: owner.provider, model });
  if (asked.previous !== null)
    return gatewayError('previous_response_not_found', { id: asked.previous.slice(0, 128) });
  return gatewayError('conversation_unsupported', { model });
}
