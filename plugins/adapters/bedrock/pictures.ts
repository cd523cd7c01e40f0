import {
  type AdapterCall,
  type CallAdapter,
  type JsonObject,
  MalformedBody,
  type ProviderAsk,
} from '@headgate/sdk';
import { filesOf, neededFile, neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { nearestRatio, pictureSize } from '../shared/picture-size.js';
import { PICTURE_FIELDS, picturesAnswer } from '../shared/pictures.js';
import { objectOf, textAt } from '../shared/reply.js';
import { STABILITY_RATIOS } from '../shared/stability-ratios.js';

/**
 * `InvokeModel` of Amazon's models (Nova Canvas, Titan Image Generator),
 * https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html, and of Stability AI's,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html.
 */
export const bedrockPictures: CallAdapter = {
  id: 'bedrock-pictures',
  calls: ['images/generations', 'images/edits', 'images/variations'],
  ask: (call) => (isStability(call) ? askStability(call) : askAmazon(call)),
  read(reply, call) {
    const answer = objectOf(reply);
    const reasons = Array.isArray(answer['finish_reasons']) ? answer['finish_reasons'] : [];
    const made = Array.isArray(answer['images']) ? answer['images'] : [];
    const pictures = made.flatMap((base64, i) =>
      typeof base64 === 'string' && base64 !== '' && (reasons[i] ?? null) === null
        ? [{ base64, contentType: typeOf(call) }]
        : [],
    );
    if (pictures.length > 0) return picturesAnswer(call, pictures);
    const why = textAt(answer, 'error') || reasons.find((reason) => typeof reason === 'string');
    return { refused: { status: 400, message: String(why ?? 'the model made no picture') } };
  },
};

const isStability = ({ model }: AdapterCall): boolean => /(^|\.)stability\./.test(model);

function typeOf(call: AdapterCall): string {
  return text(call, 'output_format') === 'jpeg' && isStability(call) ? 'image/jpeg' : 'image/png';
}

async function askAmazon(call: AdapterCall): Promise<ProviderAsk> {
  const size = pictureSize(call);
  const quality = text(call, 'quality');
  const said = unsaidBeside(call, [...PICTURE_FIELDS, 'quality']);
  const task = await taskOf(call);
  return {
    path: call.path,
    body: {
      ...task,
      imageGenerationConfig: without({
        numberOfImages: number(call, 'n') ?? 1,
        quality: quality === 'hd' || quality === 'high' ? 'premium' : 'standard',
        // What is repainted keeps its size.
        width: task['taskType'] === 'INPAINTING' ? undefined : (size?.width ?? 1024),
        height: task['taskType'] === 'INPAINTING' ? undefined : (size?.height ?? 1024),
      }),
    },
    unsaid: said,
  };
}

async function taskOf(call: AdapterCall): Promise<JsonObject> {
  if (call.name === 'images/generations')
    return { taskType: 'TEXT_IMAGE', textToImageParams: { text: neededText(call, 'prompt') } };
  const images = await Promise.all(
    [neededFile(call, 'image'), ...filesOf(call, 'image').slice(1)].map(async (file) =>
      (await file.bytes()).toString('base64'),
    ),
  );
  const [mask] = filesOf(call, 'mask');
  if (mask === undefined)
    return {
      taskType: 'IMAGE_VARIATION',
      imageVariationParams: without({ images, text: text(call, 'prompt') }),
    };
  // There black is what is painted anew; of OpenAI's masks that is what is transparent, and most are black there too.
  const maskImage = (await mask.bytes()).toString('base64');
  return {
    taskType: 'INPAINTING',
    inPaintingParams: without({ image: images[0], maskImage, text: text(call, 'prompt') }),
  };
}

async function askStability(call: AdapterCall): Promise<ProviderAsk> {
  const size = pictureSize(call);
  const from = call.name === 'images/generations' ? undefined : await neededFile(call, 'image').bytes();
  if (filesOf(call, 'mask').length > 0)
    throw new MalformedBody(
      'this model takes no mask: use an inpaint model of Amazon Nova or Stability AI',
      'mask',
    );
  return {
    path: call.path,
    body: without({
      prompt: neededText(call, 'prompt'),
      mode: from === undefined ? 'text-to-image' : 'image-to-image',
      image: from?.toString('base64'),
      strength: from === undefined ? undefined : 0.7,
      aspect_ratio: from === undefined && size !== null ? nearestRatio(size, STABILITY_RATIOS) : undefined,
      output_format: text(call, 'output_format'),
    }),
    unsaid: unsaidBeside(call, [...PICTURE_FIELDS.filter((name) => name !== 'n'), 'output_format']),
  };
}
