import { type CallAdapter, type JsonObject, MalformedBody } from '@headgate/sdk';
import { filesOf, neededText, text, unsaidBeside, without } from '../shared/fields.js';
import { pictureSize } from '../shared/picture-size.js';
import { fieldsOfOnePicture, imagesOf, onlyUrls, picturesAnswer } from '../shared/pictures.js';
import { objectAt, objectOf, textAt } from '../shared/reply.js';

const LOOK_MS = 500;

/** What may become of a job beside `Ready`, and what its client did. */
const REFUSED = ['Request Moderated', 'Content Moderated'];
const FAILED = ['Error', 'Failed', 'Task not found'];

/**
 * `POST /v1/{model}` starts a job; its `polling_url`, which is of one of their clusters, is asked until it is ready,
 * https://docs.bfl.ai/quick_start/generating_images.
 */
export const blackForestLabsPictures: CallAdapter = {
  id: 'black-forest-labs-pictures',
  calls: ['images/generations', 'images/edits'],
  async ask(call) {
    const size = pictureSize(call);
    const images = await Promise.all(
      imagesOf(call).map(async (file) => (await file.bytes()).toString('base64')),
    );
    const [mask] = filesOf(call, 'mask');
    return {
      path: `${call.path}/${encodeURIComponent(call.model)}`,
      body: without({
        prompt: neededText(call, 'prompt'),
        width: size?.width,
        height: size?.height,
        output_format: text(call, 'output_format'),
        ...Object.fromEntries(
          images.map((image, i) => [i === 0 ? 'input_image' : `input_image_${i + 1}`, image]),
        ),
        mask: mask === undefined ? undefined : (await mask.bytes()).toString('base64'),
      }),
      unsaid: [...unsaidBeside(call, [...fieldsOfOnePicture(call), 'output_format']), ...onlyUrls(call)],
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const status = textAt(answer, 'status');
    if (status === 'Ready') {
      const url = textAt(objectAt(answer, 'result'), 'sample');
      return picturesAnswer(call, url === '' ? [] : [{ url }]);
    }
    if (REFUSED.includes(status)) return { refused: { status: 400, message: reasonOf(answer, status) } };
    if (FAILED.includes(status)) return { refused: { status: 502, message: reasonOf(answer, status) } };
    const polling = textAt(answer, 'polling_url');
    if (polling === '') return { method: 'GET', path: reply.path, origin: reply.origin, afterMs: LOOK_MS };
    if (!URL.canParse(polling)) throw new MalformedBody('its polling_url is no address');
    const { origin, pathname, search } = new URL(polling);
    return { method: 'GET', path: pathname + search, origin, afterMs: LOOK_MS };
  },
};

function reasonOf(answer: JsonObject, status: string): string {
  const { details } = answer;
  return details === undefined || details === null ? status : `${status}: ${JSON.stringify(details)}`;
}
