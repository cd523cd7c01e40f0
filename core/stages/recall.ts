import { type JsonObject, MalformedBody, type StateAsked, type StatefulFormat } from '@headgate/sdk';
import { parsedBody, unreadable } from '../canonical-of.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { isOthers, mustBeOwn, type Owner } from '../forward/owner.js';
import { storeTrouble } from '../kept/background.js';
import { Conversation } from '../kept/conversation.js';
import type { KeptAnswer } from '../kept/kept-answer.js';
import type { Wait } from '../pipeline.js';
import { scanTopLevel } from '../wire/json-scan.js';
import type { FieldSpans } from '../wire/json-spans.js';

/**
 * Between 6 and 7. What the request goes on from: an answer that the gateway keeps becomes part of the request's bytes, so that all
 * later stages see the whole conversation; of one at a provider it is found out where. Nothing for formats without state.
 */
export function recall(x: Exchange): Wait | undefined {
  const { state } = x.endpoint.format;
  if (state === undefined) return undefined;
  const asked = read(() => state.asked(x));
  const { store, background, previous, conversation: at } = asked;
  if (!store && !background && previous === null && at === null) return undefined;
  const conversation = conversationOf(x, state, asked);
  x.conversation = conversation;
  if (previous?.startsWith(state.idPrefix) === true) {
    if (at !== null) throw gatewayError('conversation_twice');
    return x.io.control.kept({ do: 'find', ask: { id: previous, keyId: conversation.keyId } }).then(
      (row) => goOn(x, conversation, previous, row as KeptAnswer | null),
      (error) => {
        throw storeTrouble(x, error);
      },
    );
  }
  if (previous === null && at === null) return undefined;
  const owners = x.io.objects.ownersOf([previous, at].filter((id) => id !== null));
  if (owners instanceof Promise) return owners.then((found) => goOnThere(x, conversation, found));
  goOnThere(x, conversation, owners);
  return undefined;
}

function conversationOf(x: Exchange, state: StatefulFormat, asked: StateAsked): Conversation {
  const store = asked.store && x.runtime.config.responses.store;
  return new Conversation(state, asked, store, x.principal?.id ?? '');
}

/** What a provider keeps must not be another key's either. */
function goOnThere(x: Exchange, conversation: Conversation, owners: ReadonlyMap<string, Owner>): void {
  const { previous, conversation: at } = conversation.asked;
  for (const [id, owner] of owners) {
    if (id !== previous) mustBeOwn(x, id, owner);
    else if (!x.runtime.config.sharedObjects && isOthers(owner, conversation.keyId))
      throw gatewayError('previous_response_not_found', { id: id.slice(0, 128) });
  }
  conversation.owner = owners.get(previous ?? '') ?? owners.get(at ?? '') ?? null;
}

/** Puts the whole conversation into the place of the request's body. */
function goOn(x: Exchange, conversation: Conversation, id: string, row: KeptAnswer | null): void {
  if (x.answered) return;
  if (row === null) throw gatewayError('previous_response_not_found', { id });
  if (row.state === 'running') throw gatewayError('previous_response_unfinished', { id });
  const earlier = {
    input: JSON.parse(row.input) as JsonObject[],
    answer: JSON.parse(row.answer) as JsonObject,
  };
  const original = parsedBody(x);
  const whole = read(() => conversation.state.continued(original, earlier));
  conversation.earlier = earlier;
  conversation.original = original;
  x.parsed = whole;
  const bytes = Buffer.from(JSON.stringify(whole));
  x.incoming.body.bytes = bytes;
  scanTopLevel(bytes, x.endpoint.fields, x.spans as FieldSpans);
}

function read<T>(what: () => T): T {
  try {
    return what();
  } catch (error) {
    throw error instanceof MalformedBody ? unreadable(error) : error;
  }
}
