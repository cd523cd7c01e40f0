import { type AdapterCall, type CallAdapter, MalformedBody } from '@headgate/sdk';
import { neededFile, number, text, unsaidBeside, without } from '../shared/fields.js';
import { objectOf, textAt } from '../shared/reply.js';
import { TRANSCRIPT_FIELDS, transcriptAnswer, transcriptFormat } from '../shared/transcript.js';
import { inlinePart, partsOf, usageOf } from './content.js';

/** Formats that need times, which a model that only reads aloud what it hears does not know. */
const TIMED = ['srt', 'vtt', 'verbose_json', 'diarized_json'];

/** `generateContent` with the recording in its prompt, https://ai.google.dev/gemini-api/docs/audio. */
export const googleTranscription: CallAdapter = {
  id: 'google-transcription',
  calls: ['audio/transcriptions', 'audio/translations'],
  async ask(call) {
    if (TIMED.includes(transcriptFormat(call)))
      throw new MalformedBody(
        '\'response_format\' must be "json" or "text": Gemini models do not tell when a word was said',
        'response_format',
      );
    const recording = await inlinePart(neededFile(call, 'file'));
    return {
      path: `${call.path}:generateContent`,
      body: {
        contents: [{ role: 'user', parts: [{ text: taskOf(call) }, recording] }],
        generationConfig: without({ temperature: number(call, 'temperature') ?? 0 }),
      },
      unsaid: unsaidBeside(call, ['response_format', 'stream', 'language', 'prompt', 'temperature']).filter(
        (name) => !TRANSCRIPT_FIELDS.includes(name) || name === 'timestamp_granularities',
      ),
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const parts = partsOf(answer);
    if ('refused' in parts) return parts;
    const said = parts.filter((part) => part['thought'] !== true).map((part) => textAt(part, 'text'));
    return transcriptAnswer(call, {
      text: said.join('').trim(),
      durationMs: 0,
      words: [],
      usage: usageOf(answer),
    });
  },
};

function taskOf(call: AdapterCall): string {
  const language = text(call, 'language');
  const hint = text(call, 'prompt');
  return [
    call.name === 'audio/translations'
      ? 'Translate what is said in this recording into English.'
      : 'Transcribe this recording word for word.',
    'Answer with the text alone, without any remark, heading or time.',
    ...(language === undefined ? [] : [`The language spoken is ${language}.`]),
    ...(hint === undefined ? [] : [`Words and style to expect: ${hint}`]),
  ].join('\n');
}
