import {
  addUnits,
  emptyUsage,
  type JsonObject,
  type SocketNews,
  type SocketReader,
  type Usage,
} from '@headgate/sdk';
import { eventType } from '../shared/event-type.js';
import { tryParse } from '../shared/parse-json.js';
import { isObject, numberOr } from '../shared/read-json.js';
import { cachedAudioOf, splitByCache, usageWithDetails } from '../shared/token-details.js';

const BEGUN: SocketNews = { what: 'begun' };

/** Reads the few server events that say what was used, and what speech is written down with. */
export class RealtimeReader implements SocketReader {
  /** Speech is billed by the model that writes it down, not by the one that is talked to. */
  private transcriber: string | null = null;
  /** There is nobody to talk to: each transcript is an answer. */
  private onlyTranscribes = false;

  provider(message: Buffer): SocketNews | null {
    switch (eventType(message)) {
      case 'response.created':
        return BEGUN;
      case 'response.done':
        return this.done(message);
      case 'conversation.item.input_audio_transcription.completed':
        return this.transcribed(message);
      case 'transcription_session.created':
      case 'transcription_session.updated':
        this.onlyTranscribes = true;
        this.configured(message);
        return null;
      case 'session.created':
      case 'session.updated':
        this.configured(message);
        return null;
      default:
        return null;
    }
  }

  /** A failed or cancelled response has used something too. */
  private done(message: Buffer): SocketNews {
    const response = memberOf(tryParse(message.toString('utf8')), 'response');
    const raw = memberOf(response, 'usage');
    if (raw === undefined) return { what: 'used', usages: [], model: null, ends: true };
    const usage = usageWithDetails(raw);
    const cachedAudio = cachedAudioOf(raw);
    const usages = cachedAudio === undefined ? [usage] : splitByCache(usage, cachedAudio);
    return { what: 'used', usages, model: null, ends: true };
  }

  private transcribed(message: Buffer): SocketNews | null {
    const raw = memberOf(tryParse(message.toString('utf8')), 'usage');
    // What is billed by the second has no tokens.
    const usages = raw === undefined ? [] : [raw['type'] === 'duration' ? heard(raw) : usageWithDetails(raw)];
    if (usages.length === 0 && !this.onlyTranscribes) return null;
    return { what: 'used', usages, model: this.transcriber, ends: this.onlyTranscribes };
  }

  private configured(message: Buffer): void {
    const session = memberOf(tryParse(message.toString('utf8')), 'session');
    if (session === undefined) return;
    if (session['type'] === 'transcription') this.onlyTranscribes = true;
    const input = memberOf(memberOf(session, 'audio'), 'input');
    const transcription = memberOf(input, 'transcription') ?? memberOf(session, 'input_audio_transcription');
    const model = transcription?.['model'];
    if (typeof model === 'string') this.transcriber = model;
  }
}

/** `{ type: "duration", seconds }` */
function heard(raw: JsonObject): Usage {
  const usage = emptyUsage();
  addUnits(usage, 'inputAudioMs', numberOr(raw['seconds'], 0) * 1000);
  return usage;
}

function memberOf(value: unknown, name: string): JsonObject | undefined {
  const object = value as JsonObject | undefined;
  if (!isObject(object)) return undefined;
  const member = object[name];
  return isObject(member) ? member : undefined;
}
