import type { CanonicalError, WireFormat } from '@headgate/sdk';
import { eventType } from '../shared/event-type.js';
import { openaiError } from '../shared/openai-error.js';
import { RealtimeReader } from './reader.js';

/** A session may be given its model again when it is configured. */
const IN_SESSION = ['session', 'model'] as const;

/** Clients send back what these say, changed here and there. */
const TELL_SESSION = new Set(['session.created', 'session.updated']);

function errorEvent(error: CanonicalError, requestId: string): string {
  const { error: inner } = JSON.parse(openaiError.encode(error, requestId)) as { error: object };
  return JSON.stringify({
    type: 'error',
    event_id: `event_${requestId}`,
    error: { ...inner, event_id: null },
  });
}

/** `GET /v1/realtime`, https://platform.openai.com/docs/api-reference/realtime; Azure OpenAI speaks the same. */
export const openaiRealtime: WireFormat = {
  id: 'openai-realtime',
  operation: 'realtime',
  requestIdHeader: 'x-request-id',
  error: openaiError,
  fields: [],
  socket: {
    handshake: {
      modelQuery: ['model', 'deployment'],
      query: ['intent', 'call_id'],
      callQuery: 'call_id',
      headers: ['openai-beta', 'openai-safety-identifier'],
      protocol: 'realtime',
      keyProtocol: 'openai-insecure-api-key.',
      secretPrefix: 'ek_',
      headerProtocols: { 'openai-beta.realtime-v1': ['openai-beta', 'realtime=v1'] },
    },
    modelPath: (message) => (eventType(message) === 'session.update' ? IN_SESSION : null),
    modelToldIn: (message) => (TELL_SESSION.has(eventType(message)) ? IN_SESSION : null),
    reader: () => new RealtimeReader(),
    error: errorEvent,
  },
};
