import type { AdapterCall, CallAdapter, JsonObject } from '@headgate/sdk';
import { list, neededFile, text, unsaidBeside } from '../shared/fields.js';
import { numberAt, objectAt, objectOf, objectsAt, textAt } from '../shared/reply.js';
import {
  type SpokenWord,
  TRANSCRIPT_FIELDS,
  transcriptAnswer,
  transcriptFormat,
  wantsSpeakers,
} from '../shared/transcript.js';

/** `POST /v1/listen`, the recording itself as its body, https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded. */
export const deepgramTranscription: CallAdapter = {
  id: 'deepgram-transcription',
  calls: ['audio/transcriptions'],
  ask(call) {
    transcriptFormat(call);
    const file = neededFile(call, 'file');
    return {
      path: `${call.path}?${queryOf(call)}`,
      headers: ['content-type', file.contentType],
      body: [file],
      unsaid: unsaidBeside(call, [...TRANSCRIPT_FIELDS, 'keywords']),
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const [channel = {}] = objectsAt(objectAt(answer, 'results'), 'channels');
    const [best = {}] = objectsAt(channel, 'alternatives');
    return transcriptAnswer(call, {
      text: textAt(best, 'transcript'),
      language: textAt(channel, 'detected_language') || text(call, 'language'),
      durationMs: (numberAt(objectAt(answer, 'metadata'), 'duration') ?? 0) * 1000,
      words: objectsAt(best, 'words').map(wordOf),
    });
  },
};

function queryOf(call: AdapterCall): URLSearchParams {
  const language = text(call, 'language');
  const query = new URLSearchParams({ model: call.model, smart_format: 'true' });
  if (language === undefined) query.set('detect_language', 'true');
  else query.set('language', language);
  if (wantsSpeakers(call)) query.set('diarize', 'true');
  for (const word of list(call, 'keywords')) query.append('keyterm', String(word));
  return query;
}

function wordOf(word: JsonObject): SpokenWord {
  const speaker = numberAt(word, 'speaker');
  return {
    text: textAt(word, 'punctuated_word') || textAt(word, 'word'),
    startMs: (numberAt(word, 'start') ?? 0) * 1000,
    endMs: (numberAt(word, 'end') ?? 0) * 1000,
    speaker: speaker === undefined ? undefined : `speaker_${speaker}`,
  };
}
