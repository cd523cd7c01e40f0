import {
  addUnits,
  emptyUsage,
  type JsonObject,
  type SocketHandshake,
  type SocketReader,
  type Usage,
  type WireFormat,
} from '@headgate/sdk';
import { geminiError } from '../shared/gemini-error.js';
import { skipSpace, topLevelObject } from '../shared/json-bytes.js';
import { count } from '../shared/read-json.js';
import { standsAt } from '../shared/stands-at.js';
import { ofModality } from './usage.js';

const OPEN_BRACE = 0x7b;
const SETUP = Buffer.from('"setup"');
const USAGE = Buffer.from('"usageMetadata"');
const IN_SETUP = ['setup', 'model'] as const;

/** The first message is the set-up, which names the model; every message has one member. */
function modelPath(message: Buffer): readonly string[] | null {
  let at = skipSpace(message, 0);
  if (message[at] !== OPEN_BRACE) return null;
  at = skipSpace(message, at + 1);
  return standsAt(message, at, SETUP) ? IN_SETUP : null;
}

/** Server messages come as binary frames that hold JSON; few say what was used, and each what was used since the last. */
const reader: SocketReader = {
  provider(message) {
    if (message.indexOf(USAGE) < 0) return null;
    const raw = topLevelObject(message, USAGE) as JsonObject | undefined;
    return raw === undefined ? null : { what: 'used', usages: [liveUsage(raw)], model: null, ends: true };
  },
};

/** The Live API counts an answer as `responseTokenCount`. */
function liveUsage(raw: JsonObject): Usage {
  const usage = emptyUsage();
  usage.reasoningTokens = count(raw['thoughtsTokenCount']);
  usage.inputTokens = count(raw['promptTokenCount']) + count(raw['toolUsePromptTokenCount']);
  usage.outputTokens = count(raw['responseTokenCount']) + usage.reasoningTokens;
  usage.cacheReadTokens = count(raw['cachedContentTokenCount']);
  usage.inputAudioTokens = ofModality(raw['promptTokensDetails'], 'AUDIO');
  usage.outputAudioTokens = ofModality(raw['responseTokensDetails'], 'AUDIO');
  addUnits(usage, 'inputImageTokens', ofModality(raw['promptTokensDetails'], 'IMAGE'));
  addUnits(usage, 'inputVideoTokens', ofModality(raw['promptTokensDetails'], 'VIDEO'));
  return usage;
}

function live(id: string, more: SocketHandshake, modelPrefix: string | RegExp): WireFormat {
  return {
    id,
    operation: 'realtime',
    requestIdHeader: 'x-request-id',
    error: geminiError,
    fields: [],
    socket: {
      handshake: { headers: ['x-goog-api-client'], ...more },
      modelPath,
      modelPrefix,
      reader: () => reader,
      // The Live API has no message for errors: it closes with a reason.
      error: () => null,
    },
  };
}

/** `BidiGenerateContent` over a WebSocket, https://ai.google.dev/api/live. */
export const geminiLive = live('gemini-live', { keyQuery: 'key' }, 'models/');

/** The same with what is only in `v1alpha`. */
export const geminiLiveAlpha = live('gemini-live-alpha', { keyQuery: 'key' }, 'models/');

/** `BidiGenerateContentConstrained`, for browsers with an ephemeral token, https://ai.google.dev/gemini-api/docs/ephemeral-tokens. */
export const geminiLiveConstrained = live(
  'gemini-live-constrained',
  { keyQuery: 'access_token', secretPrefix: 'auth_tokens/', secretScheme: 'Token' },
  'models/',
);

/** Vertex AI's, where a model is named with its project and location. */
export const vertexLive = live('vertex-live', { keyQuery: 'key' }, /^.*\/models\//);
