import { type CallAdapter, MalformedBody } from '@headgate/sdk';
import { neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { type SoundFormat, soundFormat } from '../shared/sound-format.js';
import { namedVoice, voiceOf } from '../shared/voice.js';
import { VOICES } from './voices.js';

/** Their names for OpenAI's formats. */
const OUTPUTS: Partial<Record<SoundFormat, string>> = {
  mp3: 'mp3_44100_128',
  opus: 'opus_48000_128',
  pcm: 'pcm_24000',
  wav: 'wav_24000',
};

/** `POST /v1/text-to-speech/{voice_id}/stream`, https://elevenlabs.io/docs/api-reference/text-to-speech/stream. */
export const elevenlabsSpeech: CallAdapter = {
  id: 'elevenlabs-speech',
  calls: ['audio/speech'],
  ask(call) {
    const voice = namedVoice(voiceOf(call), VOICES);
    if (voice === '') throw new MalformedBody("'voice' must be the name or the id of a voice", 'voice');
    const format = soundFormat(call);
    const output = OUTPUTS[format] ?? 'mp3_44100_128';
    const speed = number(call, 'speed');
    const unsaid = unsaidBeside(call, [
      'input',
      'voice',
      'response_format',
      'speed',
      'stream_format',
      'language',
    ]);
    if (OUTPUTS[format] === undefined) unsaid.push('response_format');
    return {
      path: `${call.path}/${encodeURIComponent(voice)}/stream?output_format=${output}`,
      body: without({
        text: neededText(call, 'input'),
        model_id: call.model,
        language_code: text(call, 'language'),
        voice_settings: speed === undefined ? undefined : { speed },
      }),
      unsaid,
    };
  },
};
