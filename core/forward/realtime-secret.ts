import type { Exchange } from '../exchange.js';
import { rememberClientSecret } from '../realtime/client-secrets.js';
import type { Forward } from './forward.js';
import { answeredObject } from './object-ids.js';

/** Where OpenAI and Gemini make short-lived secrets for browsers. */
const PATH =
  /^(?:(?:\/v1)?\/realtime\/(?:client_secrets|sessions|transcription_sessions)|\/v1[a-z0-9]*\/auth_tokens)\/?$/;

/** Keeps whose a secret is that a provider made; undefined when the request was for something else. */
export function rememberSecret(x: Exchange, answer: Buffer): Promise<void> | undefined {
  const { principal, target, incoming } = x;
  const { path } = x.forward as Forward;
  if (incoming.method !== 'POST' || principal === null || target === null || !PATH.test(path.tail))
    return undefined;
  const key = x.attempts.at(-1)?.key ?? '';
  const made = { principal, provider: target.provider.id, key, model: modelOf(x) };
  return rememberClientSecret(x.io.control, made, answer);
}

/** `model`, or that of the `session`; '' where the request names none. */
function modelOf({ model, incoming }: Exchange): string {
  if (model !== '') return model;
  const session = answeredObject(incoming.body.bytes)?.['session'];
  const named =
    typeof session === 'object' && session !== null && !Array.isArray(session) ? session['model'] : '';
  return typeof named === 'string' ? named : '';
}
