import type { AdapterCall, CallAdapter } from '@headgate/sdk';
import { neededText, unsaidBeside } from '../shared/fields.js';
import { type SoundFormat, soundFormat } from '../shared/sound-format.js';
import { voiceOf } from '../shared/voice.js';

/** Their encodings for OpenAI's formats. */
const ENCODINGS: Record<SoundFormat, string> = {
  mp3: 'encoding=mp3',
  opus: 'encoding=opus&container=ogg',
  aac: 'encoding=aac',
  flac: 'encoding=flac',
  wav: 'encoding=linear16&container=wav&sample_rate=24000',
  pcm: 'encoding=linear16&container=none&sample_rate=24000',
};

/** `POST /v1/speak`, https://developers.deepgram.com/reference/text-to-speech/speak-request. */
export const deepgramSpeech: CallAdapter = {
  id: 'deepgram-speech',
  calls: ['audio/speech'],
  ask(call) {
    return {
      path: `${call.path}?model=${encodeURIComponent(modelOf(call))}&${ENCODINGS[soundFormat(call)]}`,
      body: { text: neededText(call, 'input') },
      unsaid: unsaidBeside(call, ['input', 'voice', 'response_format', 'stream_format']),
    };
  },
};

/** Their models are voices, `aura-2-thalia-en`; of `aura-2` the voice is `thalia`, or OpenAI's own, which count as any. */
function modelOf(call: AdapterCall): string {
  const { model } = call;
  const voice = voiceOf(call);
  if (voice.startsWith('aura')) return voice;
  if (!/^aura(-\d+)?$/.test(model)) return model;
  return OPENAI.has(voice) || voice === '' ? `${model}-${FIRST}-en` : `${model}-${voice}-en`;
}

const FIRST = 'asteria';
const OPENAI = new Set(
  'alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse'.split(' '),
);
