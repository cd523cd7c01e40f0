import {
  type AdapterCall,
  type CallAdapter,
  type JsonObject,
  MalformedBody,
  type ProviderAsk,
} from '@headgate/sdk';
import { filesOf, neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { nearestRatio, pictureSize } from '../shared/picture-size.js';
import {
  fieldsOfOnePicture,
  imagesOf,
  PICTURE_FIELDS,
  type Picture,
  picturesAnswer,
} from '../shared/pictures.js';
import { objectOf, objectsAt, textAt } from '../shared/reply.js';
import { inlineIn, inlinePart, partsOf, usageOf } from './content.js';

/** https://ai.google.dev/gemini-api/docs/image-generation#aspect_ratios */
const GEMINI_RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];
/** https://ai.google.dev/gemini-api/docs/imagen */
const IMAGEN_RATIOS = ['1:1', '3:4', '4:3', '9:16', '16:9'];

/**
 * Pictures of Gemini models, by `generateContent`, and of Imagen, by `predict`,
 * https://ai.google.dev/gemini-api/docs/image-generation and …/imagen; both are the same at Vertex AI.
 */
export const googlePictures: CallAdapter = {
  id: 'google-pictures',
  calls: ['images/generations', 'images/edits'],
  ask(call) {
    return isImagen(call) ? askImagen(call) : askGemini(call);
  },
  read(reply, call) {
    const answer = objectOf(reply);
    if (isImagen(call)) return readImagen(call, answer);
    const parts = partsOf(answer);
    if ('refused' in parts) return parts;
    const pictures = inlineIn(parts);
    if (pictures.length > 0) return picturesAnswer(call, pictures, usageOf(answer));
    const said = parts.map((part) => textAt(part, 'text')).join('');
    return { refused: { status: 400, message: `the model made no picture: ${said}` } };
  },
};

const isImagen = ({ model }: AdapterCall): boolean => model.startsWith('imagen');

function askImagen(call: AdapterCall): ProviderAsk {
  if (call.name !== 'images/generations')
    throw new MalformedBody(
      'Imagen models make pictures and do not change any: use a Gemini image model',
      'model',
    );
  const size = pictureSize(call);
  const format = text(call, 'output_format');
  return {
    path: `${call.path}:predict`,
    body: {
      instances: [{ prompt: neededText(call, 'prompt') }],
      parameters: without({
        sampleCount: number(call, 'n') ?? 1,
        aspectRatio: size === null ? undefined : nearestRatio(size, IMAGEN_RATIOS),
        outputOptions: format === undefined ? undefined : { mimeType: `image/${format}` },
      }),
    },
    unsaid: unsaidBeside(call, [...PICTURE_FIELDS, 'output_format']),
  };
}

function readImagen(call: AdapterCall, answer: JsonObject) {
  const made = objectsAt(answer, 'predictions');
  const pictures = made.flatMap((one): Picture[] => {
    const [base64, prompt] = [textAt(one, 'bytesBase64Encoded'), textAt(one, 'prompt')];
    if (base64 === '') return [];
    return [
      { base64, contentType: textAt(one, 'mimeType') || 'image/png', ...(prompt !== '' && { prompt }) },
    ];
  });
  if (pictures.length > 0) return picturesAnswer(call, pictures);
  const why = made.map((one) => textAt(one, 'raiFilteredReason')).find((reason) => reason !== '');
  return { refused: { status: 400, message: why ?? 'all pictures were filtered out' } };
}

async function askGemini(call: AdapterCall): Promise<ProviderAsk> {
  const size = pictureSize(call);
  const given = await Promise.all([...imagesOf(call), ...filesOf(call, 'mask')].map(inlinePart));
  return {
    path: `${call.path}:generateContent`,
    body: {
      contents: [{ role: 'user', parts: [...given, { text: neededText(call, 'prompt') }] }],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        ...(size !== null && { imageConfig: { aspectRatio: nearestRatio(size, GEMINI_RATIOS) } }),
      },
    },
    unsaid: unsaidBeside(call, fieldsOfOnePicture(call)),
  };
}
