import type { AdapterCall } from '@headgate/sdk';
import { isObject } from '../../formats/shared/read-json.js';
import { textAt } from './reply.js';

/** `voice: "alloy"`, or `voice: { id: "…" }` of one that the client has made; '' when there is none. */
export function voiceOf({ fields }: AdapterCall): string {
  const { voice } = fields;
  if (typeof voice === 'string') return voice;
  return isObject(voice) ? textAt(voice, 'id') : '';
}

/** A provider's voice for one of OpenAI's, whose names applications have in their code; others are the provider's own. */
export function namedVoice(voice: string, like: Readonly<Record<string, string>>): string {
  return Object.hasOwn(like, voice) ? (like[voice] as string) : voice;
}
