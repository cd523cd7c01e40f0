import {
  type AdapterCall,
  type CallAdapter,
  type JsonObject,
  MalformedBody,
  type ProviderAsk,
} from '@headgate/sdk';
import { list, neededFile, text, unsaidBeside, without } from '../shared/fields.js';
import { numberAt, objectOf, objectsAt, textAt } from '../shared/reply.js';
import {
  type SpokenWord,
  TRANSCRIPT_FIELDS,
  transcriptAnswer,
  transcriptFormat,
  wantsSpeakers,
} from '../shared/transcript.js';

/** How long a transcript is left alone before it is looked at again, milliseconds. */
const LOOK_MS = 1_000;

/**
 * The recording is uploaded, `POST /v2/upload`, its transcript ordered, `POST /v2/transcript`, and looked at until it is
 * done, https://www.assemblyai.com/docs/api-reference/transcripts/submit.
 */
export const assemblyaiTranscription: CallAdapter = {
  id: 'assemblyai-transcription',
  calls: ['audio/transcriptions'],
  ask(call) {
    transcriptFormat(call);
    return {
      path: `${call.path}/upload`,
      headers: ['content-type', 'application/octet-stream'],
      body: [neededFile(call, 'file')],
      unsaid: unsaidBeside(call, [...TRANSCRIPT_FIELDS, 'keywords']),
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const upload = textAt(answer, 'upload_url');
    if (upload !== '') return order(call, upload);
    const [status, id] = [textAt(answer, 'status'), textAt(answer, 'id')];
    if (status === 'error')
      return { refused: { status: 422, message: textAt(answer, 'error') || 'it has failed' } };
    if (status === 'completed') return transcriptAnswer(call, { ...transcriptOf(answer) });
    if (id === '') throw new MalformedBody('it names no transcript');
    return { method: 'GET', path: `${call.path}/transcript/${encodeURIComponent(id)}`, afterMs: LOOK_MS };
  },
};

function order(call: AdapterCall, upload: string): ProviderAsk {
  const language = text(call, 'language');
  const words = list(call, 'keywords');
  return {
    path: `${call.path}/transcript`,
    body: without({
      audio_url: upload,
      speech_models: [call.model],
      language_code: language,
      language_detection: language === undefined ? true : undefined,
      speaker_labels: wantsSpeakers(call) ? true : undefined,
      keyterms_prompt: words.length === 0 ? undefined : words,
    }),
  };
}

function transcriptOf(answer: JsonObject) {
  return {
    text: textAt(answer, 'text'),
    language: textAt(answer, 'language_code'),
    durationMs: (numberAt(answer, 'audio_duration') ?? 0) * 1000,
    words: objectsAt(answer, 'words').map(wordOf),
  };
}

function wordOf(word: JsonObject): SpokenWord {
  const speaker = textAt(word, 'speaker');
  return {
    text: textAt(word, 'text'),
    startMs: numberAt(word, 'start') ?? 0,
    endMs: numberAt(word, 'end') ?? 0,
    speaker: speaker === '' ? undefined : speaker,
  };
}
