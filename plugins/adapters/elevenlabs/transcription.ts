import type { CallAdapter, JsonObject } from '@headgate/sdk';
import { neededFile, number, text, unsaidBeside } from '../shared/fields.js';
import { formBody } from '../shared/form-body.js';
import { numberAt, objectOf, objectsAt, textAt } from '../shared/reply.js';
import {
  type SpokenWord,
  TRANSCRIPT_FIELDS,
  transcriptAnswer,
  transcriptFormat,
  wantsSpeakers,
} from '../shared/transcript.js';

/** `POST /v1/speech-to-text`, https://elevenlabs.io/docs/api-reference/speech-to-text/convert. */
export const elevenlabsTranscription: CallAdapter = {
  id: 'elevenlabs-transcription',
  calls: ['audio/transcriptions'],
  ask(call) {
    transcriptFormat(call);
    const { body, contentType } = formBody([
      ['model_id', call.model],
      ['language_code', text(call, 'language')],
      ['temperature', number(call, 'temperature')?.toString()],
      ['diarize', wantsSpeakers(call) ? 'true' : undefined],
      ['tag_audio_events', 'false'],
      ['file', neededFile(call, 'file')],
    ]);
    const unsaid = unsaidBeside(call, [...TRANSCRIPT_FIELDS, 'temperature']);
    return { path: call.path, headers: ['content-type', contentType], body: body ?? [], unsaid };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const words = objectsAt(answer, 'words')
      .filter((word) => textAt(word, 'type') === 'word')
      .map(wordOf);
    const told = numberAt(answer, 'audio_duration_secs');
    return transcriptAnswer(call, {
      text: textAt(answer, 'text'),
      language: textAt(answer, 'language_code'),
      durationMs: told === undefined ? (words.at(-1)?.endMs ?? 0) : told * 1000,
      words,
    });
  },
};

function wordOf(word: JsonObject): SpokenWord {
  const speaker = textAt(word, 'speaker_id');
  return {
    text: textAt(word, 'text'),
    startMs: (numberAt(word, 'start') ?? 0) * 1000,
    endMs: (numberAt(word, 'end') ?? 0) * 1000,
    speaker: speaker === '' ? undefined : speaker,
  };
}
