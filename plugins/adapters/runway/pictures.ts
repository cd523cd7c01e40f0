import { type CallAdapter, MalformedBody } from '@headgate/sdk';
import { neededText, unsaidBeside, without } from '../shared/fields.js';
import { fileDataUrl } from '../shared/file-data-url.js';
import { pictureSize } from '../shared/picture-size.js';
import { fieldsOfOnePicture, imagesOf, onlyUrls, pictureAt, picturesAnswer } from '../shared/pictures.js';
import { objectOf, textAt } from '../shared/reply.js';

const LOOK_MS = 1_000;

/** `POST /v1/text_to_image` starts a task, looked at until it is done, https://docs.dev.runwayml.com/api/#tag/Start-generating. */
export const runwayPictures: CallAdapter = {
  id: 'runway-pictures',
  calls: ['images/generations', 'images/edits'],
  async ask(call) {
    const size = pictureSize(call);
    const images = await Promise.all(imagesOf(call).map(async (file) => ({ uri: await fileDataUrl(file) })));
    const known = fieldsOfOnePicture(call).filter((name) => name !== 'mask');
    return {
      path: `${call.path}/text_to_image`,
      body: without({
        model: call.model,
        promptText: neededText(call, 'prompt'),
        ratio: size === null ? '1024:1024' : `${size.width}:${size.height}`,
        referenceImages: images.length === 0 ? undefined : images,
      }),
      unsaid: [...unsaidBeside(call, known), ...onlyUrls(call)],
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const [id, status] = [textAt(answer, 'id'), textAt(answer, 'status')];
    if (status === 'FAILED' || status === 'CANCELLED') {
      const message = textAt(answer, 'failure') || `the task was ${status}`;
      // https://docs.dev.runwayml.com/errors/task-failures: what begins so is about what was asked for.
      const asked = /^(SAFETY|INPUT|ASSET)/.test(textAt(answer, 'failureCode'));
      return { refused: { status: asked ? 400 : 502, message } };
    }
    if (status === 'SUCCEEDED') {
      const { output } = answer;
      const urls = Array.isArray(output) ? output.filter((url) => typeof url === 'string') : [];
      return picturesAnswer(
        call,
        urls.map((url) => pictureAt(url)),
      );
    }
    if (id === '') throw new MalformedBody('it names no task');
    return { method: 'GET', path: `${call.path}/tasks/${encodeURIComponent(id)}`, afterMs: LOOK_MS };
  },
};
