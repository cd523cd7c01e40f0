import { type CallAdapter, type JsonObject, MalformedBody } from '@headgate/sdk';
import { neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { fileDataUrl } from '../shared/file-data-url.js';
import { nearestRatio, pictureSize } from '../shared/picture-size.js';
import { imagesOf, onlyUrls, PICTURE_FIELDS, pictureAt, picturesAnswer } from '../shared/pictures.js';
import { objectOf, textAt } from '../shared/reply.js';

const LOOK_MS = 500;
const RATIOS = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'];

/**
 * `POST /v1/models/{owner}/{name}/predictions`, waited for up to a minute and then looked at until it is done,
 * https://replicate.com/docs/reference/http#models.predictions.create.
 */
export const replicatePictures: CallAdapter = {
  id: 'replicate-pictures',
  calls: ['images/generations', 'images/edits'],
  async ask(call) {
    const size = pictureSize(call);
    const [image] = imagesOf(call);
    const [name, version] = call.model.split(':');
    const input = without({
      prompt: neededText(call, 'prompt'),
      num_outputs: number(call, 'n'),
      aspect_ratio: size === null ? undefined : nearestRatio(size, RATIOS),
      output_format: text(call, 'output_format'),
      image: image === undefined ? undefined : await fileDataUrl(image),
    });
    return {
      path:
        version === undefined
          ? `${call.path}/models/${(name ?? '').split('/').map(encodeURIComponent).join('/')}/predictions`
          : `${call.path}/predictions`,
      headers: ['prefer', 'wait=60'],
      body: version === undefined ? { input } : { version, input },
      unsaid: [
        ...unsaidBeside(call, [...PICTURE_FIELDS.filter((name) => name !== 'mask'), 'output_format']),
        ...onlyUrls(call),
      ],
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const [id, status] = [textAt(answer, 'id'), textAt(answer, 'status')];
    if (status === 'failed' || status === 'canceled' || status === 'aborted')
      return { refused: { status: 502, message: textAt(answer, 'error') || `the prediction was ${status}` } };
    if (status === 'succeeded')
      return picturesAnswer(
        call,
        urlsIn(answer).map((url) => pictureAt(url)),
      );
    if (id === '') throw new MalformedBody('it names no prediction');
    return { method: 'GET', path: `${call.path}/predictions/${encodeURIComponent(id)}`, afterMs: LOOK_MS };
  },
};

function urlsIn({ output }: JsonObject): string[] {
  const all = Array.isArray(output) ? output : [output];
  return all.filter((url) => typeof url === 'string');
}
