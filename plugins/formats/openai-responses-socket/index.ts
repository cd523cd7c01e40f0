import type { CanonicalError, JsonObject, SocketNews, SocketReader, WireFormat } from '@headgate/sdk';
import { eventType } from '../shared/event-type.js';
import { openaiError } from '../shared/openai-error.js';
import { OBJECT_IDS } from '../shared/openai-object-ids.js';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { answerUsage } from '../shared/responses-usage.js';

const MODEL = ['model'] as const;
const BEGUN: SocketNews = { what: 'begun' };
const NO_USAGE: SocketNews = { what: 'used', usages: [], model: null, ends: true };

const reader: SocketReader = {
  provider(message) {
    switch (eventType(message)) {
      case 'response.created':
        return BEGUN;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return ended(message);
      default:
        return null;
    }
  },
};

function ended(message: Buffer): SocketNews {
  const event = tryParse(message.toString('utf8'));
  const response = isObject(event) ? event['response'] : undefined;
  const raw = isObject(response) ? response['usage'] : undefined;
  return isObject(raw)
    ? { what: 'used', usages: [answerUsage(raw, response as JsonObject)], model: null, ends: true }
    : NO_USAGE;
}

function errorEvent(error: CanonicalError, requestId: string): string {
  const { error: inner } = JSON.parse(openaiError.encode(error, requestId)) as { error: object };
  return JSON.stringify({ type: 'error', status: error.status, error: inner });
}

/** Responses over a WebSocket, https://platform.openai.com/docs/guides/websocket-mode. */
export const openaiResponsesSocket: WireFormat = {
  id: 'openai-responses-socket',
  operation: 'realtime',
  requestIdHeader: 'x-request-id',
  error: openaiError,
  fields: ['previous_response_id', 'conversation'],
  objectIds: [...OBJECT_IDS, 'previous_response_id', 'conversation'],
  socket: {
    handshake: {
      headers: ['openai-beta'],
      keyProtocol: 'openai-insecure-api-key.',
    },
    // Every answer that is asked for names its model.
    modelPath: (message) => (eventType(message) === 'response.create' ? MODEL : null),
    reader: () => reader,
    error: errorEvent,
  },
};
