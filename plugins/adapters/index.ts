import type { CallAdapter } from '@headgate/sdk';
import { assemblyaiTranscription } from './assemblyai/transcription.js';
import { bedrockPictures } from './bedrock/pictures.js';
import { blackForestLabsPictures } from './black-forest-labs/pictures.js';
import { deepgramSpeech } from './deepgram/speech.js';
import { deepgramTranscription } from './deepgram/transcription.js';
import { elevenlabsSpeech } from './elevenlabs/speech.js';
import { elevenlabsTranscription } from './elevenlabs/transcription.js';
import { falPictures } from './fal/pictures.js';
import { googlePictures } from './google/pictures.js';
import { googleSpeech } from './google/speech.js';
import { googleTranscription } from './google/transcription.js';
import { mistralModeration } from './mistral/moderation.js';
import { replicatePictures } from './replicate/pictures.js';
import { runwayPictures } from './runway/pictures.js';
import { stabilityPictures } from './stability/pictures.js';

/** Every adapter that comes with the gateway. */
export const adapters: readonly CallAdapter[] = [
  elevenlabsSpeech,
  elevenlabsTranscription,
  deepgramSpeech,
  deepgramTranscription,
  assemblyaiTranscription,
  googleSpeech,
  googleTranscription,
  googlePictures,
  bedrockPictures,
  stabilityPictures,
  falPictures,
  blackForestLabsPictures,
  replicatePictures,
  runwayPictures,
  mistralModeration,
];
