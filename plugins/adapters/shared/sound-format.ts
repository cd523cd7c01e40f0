import { type AdapterCall, MalformedBody } from '@headgate/sdk';
import { text } from './fields.js';

const FORMATS = ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] as const;
export type SoundFormat = (typeof FORMATS)[number];

/** What `audio/speech` shall answer: MP3 unless the client says otherwise. `pcm` is 16 bits at 24 kHz. */
export function soundFormat(call: AdapterCall): SoundFormat {
  const wanted = text(call, 'response_format') ?? 'mp3';
  const found = FORMATS.find((format) => format === wanted);
  if (found === undefined)
    throw new MalformedBody(`'response_format' must be one of ${FORMATS.join(', ')}`, 'response_format');
  return found;
}
