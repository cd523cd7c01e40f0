import { type AdapterCall, type CallAdapter, type CallFile, MalformedBody } from '@headgate/sdk';
import { filesOf, neededFile, neededText, text, unsaidBeside } from '../shared/fields.js';
import { formBody } from '../shared/form-body.js';
import { nearestRatio, pictureSize } from '../shared/picture-size.js';
import { fieldsOfOnePicture, picturesAnswer } from '../shared/pictures.js';
import { objectOf, textAt } from '../shared/reply.js';
import { STABILITY_RATIOS } from '../shared/stability-ratios.js';

/**
 * `POST /v2beta/stable-image/generate/{core|ultra|sd3}` and `…/edit/inpaint`, forms both,
 * https://platform.stability.ai/docs/api-reference.
 */
export const stabilityPictures: CallAdapter = {
  id: 'stability-pictures',
  calls: ['images/generations', 'images/edits'],
  ask(call) {
    const edit = call.name === 'images/edits';
    const image = edit ? neededFile(call, 'image') : undefined;
    const [mask] = filesOf(call, 'mask');
    const size = pictureSize(call);
    const service = serviceOf(call.model);
    const inpaint = mask !== undefined;
    if (image !== undefined && !inpaint && service === 'core')
      throw new MalformedBody(`the model "${call.model}" takes no picture without a mask`, 'image');
    const form = formBody([
      ['prompt', neededText(call, 'prompt')],
      ['model', service === 'sd3' && !inpaint ? call.model : undefined],
      ...editFields(image, mask, service),
      [
        'aspect_ratio',
        image === undefined && size !== null ? nearestRatio(size, STABILITY_RATIOS) : undefined,
      ],
      ['output_format', text(call, 'output_format') ?? 'png'],
    ]);
    return {
      path: inpaint ? `${call.path}/edit/inpaint` : `${call.path}/generate/${service}`,
      headers: ['content-type', form.contentType, 'accept', 'application/json'],
      body: form.body ?? [],
      unsaid: unsaidBeside(call, [...fieldsOfOnePicture(call), 'output_format']),
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    if (textAt(answer, 'finish_reason') === 'CONTENT_FILTERED')
      return { refused: { status: 400, message: 'the picture was filtered out: CONTENT_FILTERED' } };
    const base64 = textAt(answer, 'image');
    return picturesAnswer(call, base64 === '' ? [] : [{ base64, contentType: typeOf(call) }]);
  },
};

/** `stable-image-ultra` → `ultra`; `sd3.5-large` is one of the models of `sd3`. */
function serviceOf(model: string): string {
  const found = /^(?:stable-image-)?(core|ultra)$/.exec(model)?.[1];
  return found ?? (model.startsWith('sd3') ? 'sd3' : encodeURIComponent(model));
}

function editFields(
  image: CallFile | undefined,
  mask: CallFile | undefined,
  service: string,
): readonly (readonly [string, string | CallFile | undefined])[] {
  if (image === undefined) return [];
  if (mask !== undefined)
    return [
      ['image', image],
      ['mask', mask],
    ];
  return [
    ['mode', service === 'sd3' ? 'image-to-image' : undefined],
    ['strength', '0.7'],
    ['image', image],
  ];
}

function typeOf(call: AdapterCall): string {
  return `image/${text(call, 'output_format') ?? 'png'}`;
}
