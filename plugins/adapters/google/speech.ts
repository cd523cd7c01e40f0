import { type CallAdapter, MalformedBody } from '@headgate/sdk';
import { neededText, text, unsaidBeside } from '../shared/fields.js';
import { objectOf } from '../shared/reply.js';
import { soundFormat } from '../shared/sound-format.js';
import { namedVoice, voiceOf } from '../shared/voice.js';
import { wavOf } from '../shared/wav.js';
import { inlineIn, partsOf, usageOf } from './content.js';

/** Google's voices for OpenAI's of about the same kind, https://ai.google.dev/gemini-api/docs/speech-generation#voices. */
const VOICES: Readonly<Record<string, string>> = {
  alloy: 'Kore',
  ash: 'Orus',
  ballad: 'Achird',
  cedar: 'Charon',
  coral: 'Leda',
  echo: 'Puck',
  fable: 'Sulafat',
  marin: 'Aoede',
  nova: 'Zephyr',
  onyx: 'Algenib',
  sage: 'Autonoe',
  shimmer: 'Achernar',
  verse: 'Fenrir',
};

/** Samples a second, unless the answer says otherwise. */
const RATE = 24_000;

/**
 * `generateContent` with `responseModalities: ["AUDIO"]`, https://ai.google.dev/gemini-api/docs/speech-generation. The
 * models make PCM, so `wav` and `pcm` are all there is: for other formats the client gets WAV, and is told.
 */
export const googleSpeech: CallAdapter = {
  id: 'google-speech',
  calls: ['audio/speech'],
  ask(call) {
    const input = neededText(call, 'input');
    const manner = text(call, 'instructions');
    const voiceName = namedVoice(voiceOf(call), VOICES);
    const format = soundFormat(call);
    const unsaid = unsaidBeside(call, [
      'input',
      'voice',
      'instructions',
      'response_format',
      'language',
      'stream_format',
    ]);
    // Nobody chooses MP3 by saying nothing.
    if (format !== 'wav' && format !== 'pcm') unsaid.push('response_format');
    return {
      path: `${call.path}:generateContent`,
      body: {
        contents: [
          { role: 'user', parts: [{ text: manner === undefined ? input : `${manner}:\n${input}` }] },
        ],
        generationConfig: {
          responseModalities: ['AUDIO'],
          ...(voiceName !== '' && {
            speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } },
          }),
        },
      },
      unsaid,
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const parts = partsOf(answer);
    if ('refused' in parts) return parts;
    const sounds = inlineIn(parts);
    if (sounds.length === 0) throw new MalformedBody('it has no sound');
    const pcm = Buffer.concat(sounds.map(({ base64 }) => Buffer.from(base64, 'base64')));
    const rate = Number(/rate=(\d+)/.exec(sounds[0]?.contentType ?? '')?.[1] ?? RATE);
    const { usage } = usageOf(answer);
    return soundFormat(call) === 'pcm'
      ? { body: pcm, contentType: 'audio/pcm', usage }
      : { body: wavOf(pcm, rate), contentType: 'audio/wav', usage };
  },
};
