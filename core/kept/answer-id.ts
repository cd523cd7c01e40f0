import type { CanonicalResponse } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';

/**
 * The id of an answer that goes through the hub. One that the gateway keeps has its own, which no other answer has; one
 * that the provider keeps is remembered as that provider's; some APIs give none, and clients of others expect one.
 */
export function answerIdOf(x: Exchange, given: string): string {
  const { conversation } = x;
  if (conversation?.kept === true) return conversation.id;
  conversation?.passed(x, given);
  return given || x.id;
}

/** An answer that a plugin gave instead of a provider. It is kept as theirs are: the client will go on from it. */
export function answeredHere(x: Exchange, response: CanonicalResponse): CanonicalResponse {
  const { conversation } = x;
  if (conversation === null || !conversation.store) return response;
  conversation.kept = true;
  conversation.opens(x);
  return { ...response, id: conversation.id };
}
